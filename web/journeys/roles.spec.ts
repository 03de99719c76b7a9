import { expect, test } from "@playwright/test";
import { PASSWORD } from "./expectations";

test("an invited viewer registers, sees everything and is offered no change", async ({
  page,
  browser,
  baseURL,
}) => {
  await page.goto("/admin/");
  await page.getByRole("button", { name: "Invite a person" }).click();
  await page.getByRole("button", { name: "Make the invitation" }).click();
  const link = (await page.getByRole("dialog").locator("code").textContent()) ?? "";
  const visitor = await browser.newContext({
    baseURL: baseURL ?? "",
    storageState: { cookies: [], origins: [] },
    locale: "en-US",
  });
  const other = await visitor.newPage();
  await other.goto(link);
  await other.getByLabel("User name").fill("v");
  await other.getByLabel("Password").fill("short");
  await other.getByRole("button", { name: "Create the account" }).click();
  await expect(other.getByText("2 to 64 letters")).toBeVisible();
  await other.getByLabel("User name").fill("visitor");
  await other.getByLabel("Password").fill(PASSWORD);
  await other.getByRole("button", { name: "Create the account" }).click();
  await other.waitForURL("**/overview/");
  await expect(other.getByRole("navigation", { name: "Pages" })).not.toContainText("Admin");
  await expect(other.getByRole("navigation", { name: "Pages" })).not.toContainText("Import");
  await other.goto("/accounts/");
  await expect(other.getByRole("cell", { name: "Brokerage" }).first()).toBeVisible();
  await expect(other.getByRole("button", { name: "Open an account" })).toHaveCount(0);
  await other.goto("/admin/");
  await expect(other.getByText("Your role does not include this")).toBeVisible();
  await visitor.close();

  await page.reload();
  await expect(page.getByLabel("Role of visitor")).toHaveValue("viewer");
  await page
    .getByRole("row")
    .filter({ hasText: "visitor" })
    .getByRole("button", { name: "Remove" })
    .click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText("The person is removed")).toBeVisible();
});
