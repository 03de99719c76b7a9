import { expect, it } from "vitest";
import { asPercent, asRatio, sumOf } from "@/app/(product)/settings/targets/Targets";

it.each([
  ["60", "0.60"],
  ["12.5", "0.125"],
  ["100", "1.00"],
  ["0.05", "0.0005"],
])("%s percent is %s, exactly", (percent, ratio) => {
  expect(asRatio(percent)).toBe(ratio);
});

it.each([
  ["0.40", "40"],
  ["0.125", "12.5"],
  ["1", "100"],
  ["0.0005", "0.05"],
  ["0.1", "10"],
])("%s is %s percent", (ratio, percent) => {
  expect(asPercent(ratio)).toBe(percent);
});

it("adds up thirds without a float", () => {
  expect(
    sumOf([
      { key: "a", percent: "33.3333" },
      { key: "b", percent: "33.3333" },
      { key: "c", percent: "33.3334" },
    ]),
  ).toBe(1_000_000);
});
