import { expect, test, type Page } from "@playwright/test";
import { watch } from "./expectations";

async function fill(page: Page, payee: string, amount: string) {
  await page.goto("/payments/");
  await page.getByRole("button", { name: "New payment" }).click();
  await page.getByLabel("Pay from").selectOption({ label: "Everyday checking" });
  await page.getByLabel("Name of who is paid").fill(payee);
  await page.getByLabel(/^Amount in USD/).fill(amount);
}

test("pay and refund: the timeline moves in another browser without a reload", async ({
  page,
  browser,
  baseURL,
  context,
}) => {
  const isClean = watch(page);
  await fill(page, "Journey Bakery", "25.00");
  await page.getByRole("button", { name: "Preview" }).click();
  const preview = page.getByRole("group", { name: "Preview" });
  await expect(preview).toContainText("Available after");
  await expect(preview).toContainText("no bank is told");
  await page.getByRole("button", { name: "Pay $25.00" }).click();
  await page.waitForURL("**/payments/detail/?id=*");
  await expect(page.getByRole("list", { name: "Timeline" }).getByRole("listitem")).toHaveCount(1);

  const other = await (
    await browser.newContext({
      baseURL: baseURL ?? "",
      storageState: await context.storageState(),
      locale: "en-US",
      timezoneId: "UTC",
    })
  ).newPage();
  await other.goto(page.url());
  const there = other.getByRole("list", { name: "Timeline" }).getByRole("listitem");
  await expect(there).toHaveCount(1);

  await page.getByRole("button", { name: "Refund" }).click();
  await page.getByLabel(/^Amount in USD/).fill("10.00");
  await page.getByLabel("Reason, for the record").fill("One loaf was missing");
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByRole("group", { name: "Preview" })).toContainText("$15.00");
  await page.getByRole("button", { name: "Refund $10.00" }).click();
  await expect(there).toHaveCount(2, { timeout: 3000 });
  await expect(there.nth(1)).toContainText("One loaf was missing");
  await expect(other.getByText("Partly refunded", { exact: true })).toBeVisible();
  await other.context().close();
  isClean();
});

test("a hold is captured in part, and the rest is released", async ({ page }) => {
  await fill(page, "Journey Hotel", "300.00");
  await page.getByLabel("Only hold the amount for now").check();
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("button", { name: "Hold $300.00" }).click();
  await page.waitForURL("**/payments/detail/?id=*");
  await page.getByRole("button", { name: "Capture" }).click();
  await page.getByLabel(/^Amount in USD/).fill("120.00");
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByRole("group", { name: "Preview" })).toContainText("$180.00");
  await page.getByRole("button", { name: "Capture $120.00" }).click();
  const timeline = page.getByRole("list", { name: "Timeline" });
  await expect(timeline).toContainText("Captured");
  await expect(timeline).toContainText("$180.00");
  await expect(page.getByRole("button", { name: "Capture" })).toHaveCount(0);
});

test("too much is refused in the dialog, and the form stays", async ({ page }) => {
  await fill(page, "Journey Yacht", "0");
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByText("Give an amount above zero")).toBeVisible();
  await page.getByLabel(/^Amount in USD/).fill("99999999.00");
  await page.getByRole("button", { name: "Preview" }).click();
  await expect(page.getByRole("dialog").getByRole("alert")).toBeVisible();
  await expect(page.getByLabel("Name of who is paid")).toHaveValue("Journey Yacht");
});

test("a transfer is made and reversed, and a statement is taken out", async ({ page }) => {
  await page.goto("/payments/");
  await page.getByRole("button", { name: "Transfer" }).click();
  await page.getByLabel("From", { exact: true }).selectOption({ label: "Everyday checking" });
  await page.getByLabel("To", { exact: true }).selectOption({ label: "Brokerage" });
  await page.getByLabel(/^Amount in USD/).fill("40.00");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("button", { name: "Transfer $40.00" }).click();
  await page.waitForURL("**/payments/transfer/?id=*");
  await page.getByRole("button", { name: "Reverse" }).click();
  await page.getByLabel("Reason").fill("Wrong account");
  await page.getByRole("button", { name: "Preview" }).click();
  await page.getByRole("button", { name: "Reverse the transfer" }).click();
  await expect(page.getByText("Reversed", { exact: true })).toBeVisible();

  await page.goto("/payments/statement/");
  await page.getByLabel("Account").selectOption({ label: "Everyday checking" });
  await expect(page.getByText("Closing balance")).toBeVisible();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV" }).click();
  expect((await download).suggestedFilename()).toMatch(/\.csv$/);
});

test("the journal tells what was done, live, and proves it", async ({ page, context, request }) => {
  const checkpoints = await request.get("/api/v1/audit/checkpoints");
  const { items } = (await checkpoints.json()) as { items: unknown[] };
  test.skip(items.length === 0, "no worker seals the journal of this server");
  await page.goto("/activity/");
  await expect(page.getByText("Live", { exact: true })).toBeVisible();
  const first = page.getByRole("table", { name: "Journal" }).getByRole("row").nth(1);
  await expect(first).toBeVisible();
  const other = await context.newPage();
  await fill(other, "Journey Kiosk", "3.00");
  await other.getByRole("button", { name: "Preview" }).click();
  await other.getByRole("button", { name: "Pay $3.00" }).click();
  await other.waitForURL("**/payments/detail/?id=*");
  await expect(first).toContainText("Initiate payment", { timeout: 5000 });
  await expect(first).not.toContainText("Being sealed", { timeout: 10_000 });
  await page.getByRole("button", { name: "Check the seal" }).click();
  await expect(page.getByText("Whole and unchanged")).toBeVisible();
  await first.click();
  await expect(page.getByRole("dialog")).toContainText("payment.paid");
  await expect(async () => {
    await page.getByRole("button", { name: "Prove this row" }).click({ timeout: 1000 });
    await expect(page.getByText("The row is what was sealed")).toBeVisible({ timeout: 2000 });
  }).toPass();
  await expect(page.getByText(/hashes lead to the root/)).toBeVisible();
  await expect(page.getByText(/signed this root/)).toBeVisible();
});

test("a job is run now, and its run is found again", async ({ page }) => {
  await page.goto("/jobs/");
  await page.getByRole("button", { name: "Run Data cleanup now" }).click();
  await expect(page.getByText("Data cleanup runs now")).toBeVisible();
  await expect(page.getByRole("table", { name: "Work outside" })).toBeVisible();
});
