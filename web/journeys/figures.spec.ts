import { expect, test } from "@playwright/test";
import { watch } from "./expectations";

test("a figure opens its explanation, leads further in, and back", async ({ page }) => {
  const isClean = watch(page);
  await page.goto("/overview/");
  await page.getByRole("button", { name: /^Net worth: \$115,503\.21/ }).click();
  const sheet = page.getByRole("dialog");
  await expect(sheet.getByText("holdings + cash - debts")).toBeVisible();
  await expect(sheet.getByText("Computed again from what is listed: $115,503.21")).toBeVisible();
  await sheet.getByRole("button", { name: /^AAPL: \$3,657\.74/ }).click();
  await expect(sheet.getByText("$3,657.74").first()).toBeVisible();
  await sheet.getByRole("button", { name: "Back to the figure before" }).click();
  await expect(sheet.getByText("$115,503.21").first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(sheet).toHaveCount(0);
  isClean();
});

test("everything is reached by keyboard: palette, shortcuts, rows", async ({ page }) => {
  await page.goto("/overview/");
  await expect(page.getByText("Needs attention")).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox")).toBeFocused();
  await page.keyboard.type("performance");
  await page.keyboard.press("Enter");
  await page.waitForURL("**/portfolio/performance/");
  await page.getByRole("radio", { name: "YTD" }).focus();
  await page.keyboard.press("Space");
  await expect(
    page.getByRole("button", { name: /^Time-weighted return[^:]*: −5\.37%/ }).first(),
  ).toBeVisible();
  await page.locator("h1").click();
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.waitForURL("**/transactions/");
  await page.keyboard.press("/");
  await page.keyboard.type("Green Grocer");
  await expect(page.getByRole("row").nth(1)).toContainText("Green Grocer");
  await page.getByRole("row").nth(1).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toContainText("Green Grocer");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("what-if stands beside the real figures and writes nothing", async ({ page }) => {
  await page.goto("/portfolio/what-if/");
  await page.getByLabel("Prices of stocks").fill("-20");
  await expect(page.getByText("−$10,937.48").first()).toBeVisible();
  await page.goto("/overview/");
  await expect(page.getByRole("button", { name: /^Net worth: \$115,503\.21/ })).toBeVisible();
});

test("a category is kept, and the book can be taken out", async ({ page }) => {
  await page.goto("/transactions/");
  await page.getByRole("row").filter({ hasText: "Northern Rail" }).first().click();
  await page.getByLabel("Category", { exact: true }).fill("Travel");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("row").filter({ hasText: "Travel" })).toHaveCount(1);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: /CSV/ }).click();
  expect((await download).suggestedFilename()).toMatch(/\.csv$/);
});

test("the theme is switched and remembered", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await page.goto("/settings/");
  await page.getByRole("radio", { name: "Dark", exact: true }).check();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("radio", { name: "As the system" }).check();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
});

test("a server that is away leaves the last known figures, marked, and is found again", async ({
  page,
}) => {
  await page.goto("/overview/");
  const netWorth = page.getByRole("button", { name: /^Net worth: \$115,503\.21/ });
  await expect(netWorth).toBeVisible();
  await page.route("**/api/v1/**", (route) => route.abort());
  await page.getByRole("link", { name: "Accounts" }).first().click();
  await expect(page.getByText("Bursar does not answer").first()).toBeVisible({ timeout: 30_000 });
  await page.getByRole("link", { name: "Overview" }).first().click();
  await expect(netWorth).toBeVisible();
  await page.unroute("**/api/v1/**");
  await page.getByRole("link", { name: "Accounts" }).first().click();
  await expect(page.getByRole("cell", { name: "Brokerage" }).first()).toBeVisible();
});
