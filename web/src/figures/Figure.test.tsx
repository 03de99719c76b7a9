import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it } from "vitest";
import { Figure, type FigureValue } from "@/figures/Figure";
import { useExplained } from "@/state/explained";

const NET_WORTH: FigureValue = {
  id: "net_worth.v1~all~2022-12-28~USD",
  definition: "net_worth.v1",
  value: "-115503.21",
  reason: null,
  reason_text: null,
  unit: "money",
  currency: "USD",
  observations: null,
  roots: [],
};

beforeEach(() => {
  useExplained.setState({ trail: [] });
});

it("opens its explanation and says what it is", async () => {
  render(<Figure figure={NET_WORTH} name="Net worth" />);
  await userEvent.click(
    screen.getByRole("button", { name: "Net worth: \u2212$115,503.21 Explain" }),
  );
  expect(useExplained.getState().trail).toEqual([NET_WORTH.id]);
});

it("goes further in from inside an explanation, and back", async () => {
  useExplained.getState().open("first");
  render(<Figure figure={NET_WORTH} name="Net worth" nested />);
  await userEvent.click(screen.getByRole("button"));
  expect(useExplained.getState().trail).toEqual(["first", NET_WORTH.id]);
  useExplained.getState().back();
  expect(useExplained.getState().trail).toEqual(["first"]);
});

it("shows a gap with its reason, never a guess", () => {
  render(
    <Figure
      figure={{ ...NET_WORTH, value: null, reason_text: "The period opens without value." }}
      name="Simple gain"
    />,
  );
  expect(screen.getByRole("button")).toHaveTextContent("\u2014");
  expect(screen.getByRole("button")).toHaveAccessibleName(
    /undefined. The period opens without value./,
  );
});
