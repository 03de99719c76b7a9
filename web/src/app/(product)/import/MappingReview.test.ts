import { expect, it } from "vitest";
import { remapped } from "@/app/(product)/import/MappingReview";

it("gives a column one meaning and a meaning one column", () => {
  const mapping = { date: "Booked", amount: "Sum" };
  expect(remapped(mapping, "Text", "payee")).toMatchObject({
    date: "Booked",
    amount: "Sum",
    payee: "Text",
  });
  expect(remapped(mapping, "Sum", "credit")).toMatchObject({ amount: null, credit: "Sum" });
  expect(remapped(mapping, "Booked", "")).toBeNull();
});
