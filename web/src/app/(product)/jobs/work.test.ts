import { expect, it } from "vitest";
import { intervalInWords, jobInWords } from "@/app/(product)/jobs/work";

it("writes names and intervals of jobs for people", () => {
  expect(jobInWords("PaymentExpiryJob")).toBe("Payment expiry");
  expect(intervalInWords(86_400)).toBe("Every day");
  expect(intervalInWords(7200)).toBe("Every 2 hours");
  expect(intervalInWords(60)).toBe("Every minute");
  expect(intervalInWords(90)).toBe("Every 90 seconds");
});
