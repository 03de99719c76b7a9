import { expect, it } from "vitest";
import { pageAfterSignIn, signInAddress } from "@/shell/returning";

it("leads back to the page asked for", () => {
  const wanted = "/transactions/?id=1";
  expect(signInAddress(wanted)).toBe("/sign-in/?next=%2Ftransactions%2F%3Fid%3D1");
  expect(pageAfterSignIn(wanted)).toBe(wanted);
});

it.each([
  null,
  "",
  "https://elsewhere.example/",
  "//elsewhere.example/",
  "/\\elsewhere.example",
  "/sign-in/?next=/sign-in/",
  "javascript:alert(1)",
])("never leads to another site or in a circle: %s", (next) => {
  expect(pageAfterSignIn(next)).toBe("/overview/");
});
