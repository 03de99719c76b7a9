import { expect, it } from "vitest";
import { answer, ApiError, newIdempotencyKey } from "@/api/client";
import { isWorthRetrying } from "@/api/queryClient";
import { covers } from "@/api/hooks";

it("turns a refusal into its sentence, hint and field", async () => {
  const response = new Response("", { status: 422 });
  const error = {
    code: "invalid_input",
    message: "this is not an e-mail address",
    hint: "Mend it.",
    field: "email",
    details: null,
  };
  await expect(answer(Promise.resolve({ error, response }))).rejects.toMatchObject({
    status: 422,
    message: error.message,
    hint: "Mend it.",
    field: "email",
  });
});

it("says so when nobody answers, and asks again only then", async () => {
  const failed = await answer(Promise.reject(new TypeError("failed to fetch"))).catch(
    (error: unknown) => error,
  );
  expect(failed).toMatchObject({ isUnreachable: true, message: "Bursar does not answer" });
  expect(isWorthRetrying(0, failed)).toBe(true);
  expect(isWorthRetrying(2, failed)).toBe(false);
  expect(isWorthRetrying(0, new ApiError(403, { code: "forbidden" }))).toBe(false);
});

it("includes reading in writing, as the server does", () => {
  expect(covers(["ledger:write"], "ledger:read")).toBe(true);
  expect(covers(["ledger:read"], "ledger:write")).toBe(false);
});

it("never gives the same key twice", () => {
  expect(new Set(Array.from({ length: 100 }, newIdempotencyKey)).size).toBe(100);
});
