import { describe, expect, it } from "vitest";
import { formatMoney, formatQuantity, formatRatio, inWords, signOf } from "@/figures/format";

describe("formatMoney", () => {
  it("keeps every digit of amounts that no float can hold", () => {
    expect(formatMoney("9007199254740993.07", "USD", { locale: "en-US" })).toBe(
      "$9,007,199,254,740,993.07",
    );
  });

  it("writes a true minus, and a plus where gains are meant", () => {
    expect(formatMoney("-585.54", "USD", { locale: "en-US" })).toBe("\u2212$585.54");
    expect(formatMoney("6.80", "EUR", { locale: "en-US", sign: "always" })).toBe("+\u20ac6.80");
    expect(formatMoney("0.00", "EUR", { locale: "en-US", sign: "always" })).toBe("\u20ac0.00");
  });

  it("follows the locale and the currency's own digits", () => {
    expect(formatMoney("1234.5", "EUR", { locale: "de-DE" })).toBe("1.234,50\u00a0\u20ac");
    expect(formatMoney("1234", "JPY", { locale: "en-US" })).toBe("\u00a51,234");
  });

  it("puts a code that is no currency behind the number", () => {
    expect(formatMoney("0.12345678", "USDC", { locale: "en-US" })).toBe("0.12345678 USDC");
  });
});

it("writes ratios as percentages", () => {
  expect(formatRatio("0.190016675342", { locale: "en-US" })).toBe("19.00%");
  expect(formatRatio("-0.05", { locale: "en-US", digits: 0, sign: "always" })).toBe("\u22125%");
});

it("writes quantities without trailing zeros", () => {
  expect(formatQuantity("29.10500000", 8, "en-US")).toBe("29.105");
});

it("tells the sign of a decimal string", () => {
  expect([signOf("-0.00"), signOf("0"), signOf("-0.01"), signOf("3")]).toEqual([0, 0, -1, 1]);
});

it("writes codes for people", () => {
  expect(inWords("credit_card")).toBe("Credit card");
});
