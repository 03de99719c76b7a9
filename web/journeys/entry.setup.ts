import { expect, test } from "@playwright/test";
import { OWNER_SESSION, PASSWORD, watch } from "./expectations";

test("a one-time link signs in, a password is chosen, and each way leads back to the page asked for", async ({
  page,
  context,
}) => {
  const link = process.env.BURSAR_LINK ?? "";
  const isClean = watch(page);
  await page.goto("/");
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByRole("link", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();

  await page.goto(`/sign-in#${link}`);
  await page.getByRole("button", { name: "Sign in with this link" }).click();
  await page.waitForURL("**/overview/");
  await expect(page.getByText("You have no password")).toBeVisible();
  await page.getByRole("link", { name: "Choose one" }).click();
  await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
  await page.getByLabel("New password again").fill("something else");
  await page.getByRole("button", { name: "Choose this password" }).click();
  await expect(page.getByText("The two do not agree.")).toBeVisible();
  await page.getByLabel("New password again").fill(PASSWORD);
  await page.getByRole("button", { name: "Choose this password" }).click();
  await expect(page.getByText("The password is changed")).toBeVisible();
  await expect(page.getByText("This one")).toBeVisible();
  isClean();

  const cookie = (await context.cookies()).find((one) => one.name === "bursar_session");
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Lax" });
  const kept = (await context.storageState()).origins.flatMap((origin) => origin.localStorage);
  expect(JSON.stringify(kept)).not.toContain("bur_");

  await page.getByRole("button", { name: "owner, owner" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();

  await page.goto("/transactions/?id=none");
  await page.waitForURL("**/sign-in/?next=*");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("Enter your password.")).toBeVisible();
  await page.getByLabel("User name or e-mail").fill("owner");
  await page.getByLabel("Password").fill("wrong password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert").filter({ hasText: /./ }).first()).toBeVisible();
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/transactions/?id=none");
  await page.goto("/");
  await page.waitForURL("**/overview/");
  await context.storageState({ path: OWNER_SESSION });
});
