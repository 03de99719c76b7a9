import { expect, it } from "vitest";
import { matching, type Command } from "@/shell/CommandPalette";

const commands: Command[] = [
  {
    id: "1",
    group: "Page",
    name: "Portfolio",
    detail: "positions performance",
    icon: "portfolio",
    run: () => undefined,
  },
  {
    id: "2",
    group: "Page",
    name: "Performance",
    detail: "returns twr",
    icon: "portfolio",
    run: () => undefined,
  },
  {
    id: "3",
    group: "Account",
    name: "Everyday checking",
    detail: "First Street Bank",
    icon: "accounts",
    run: () => undefined,
  },
];

it("finds by every word, names that start with the text first", () => {
  expect(matching(commands, "perf").map((one) => one.id)).toEqual(["2", "1"]);
  expect(matching(commands, "bank every").map((one) => one.id)).toEqual(["3"]);
  expect(matching(commands, "zzz")).toEqual([]);
});
