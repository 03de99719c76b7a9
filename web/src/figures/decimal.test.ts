import { expect, it } from "vitest";
import { isPositive, negated, sumOf } from "@/figures/decimal";

it("adds exactly where floating point would not", () => {
  expect(sumOf("0.1", "0.2")).toBe("0.3");
  expect(sumOf("90071992547409.93", "0.01", "-0.005")).toBe("90071992547409.935");
  expect(sumOf("100", "-250")).toBe("-150");
  expect(sumOf("1.00", "-1.01")).toBe("-0.01");
  expect(sumOf("-0.50", "0.5")).toBe("0.00");
});

it("turns a sign round, and leaves zero without one", () => {
  expect(negated("12.30")).toBe("-12.30");
  expect(negated("-12.30")).toBe("12.30");
  expect(negated("0.00")).toBe("0.00");
});

it.each(["", "0", "0.00", "-1", "1,5", "1e3", ".5", "abc", "1.", " 1"])(
  "takes %j for no amount to move",
  (text) => expect(isPositive(text)).toBe(false),
);

it.each(["1", "0.01", "1850.00"])("takes %s for an amount", (text) =>
  expect(isPositive(text)).toBe(true),
);
