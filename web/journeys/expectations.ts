import { expect, type Page } from "@playwright/test";

export const OWNER_SESSION = process.env.BURSAR_SESSION_FILE ?? "test-results/owner.json";
export const PASSWORD = "correct horse battery staple";

/** Every message of the console that a clean page must not write, the content policy's included. */
export function watch(page: Page): () => void {
  const said: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") said.push(message.text());
  });
  page.on("pageerror", (error) => said.push(error.message));
  return () => {
    expect(said).toEqual([]);
  };
}

export async function settled(page: Page): Promise<void> {
  await expect(page.locator("[aria-busy=true]")).toHaveCount(0);
  await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
}
