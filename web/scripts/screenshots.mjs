// Takes the README's screenshots from a running demo, as small WebP files.
// BURSAR_URL names the server, BURSAR_LINK a sign-in link of it that was not used yet.
import { mkdir, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "@playwright/test";

const address = process.env.BURSAR_URL ?? "http://127.0.0.1:8000";
const secret = (process.env.BURSAR_LINK ?? "").split("#").at(-1);
const target = fileURLToPath(new URL("../../docs/images/", import.meta.url));
const VIEWS = [
  { name: "overview-light", path: "/overview/", theme: "light" },
  { name: "performance-dark", path: "/portfolio/performance/", theme: "dark" },
  { name: "explanation-light", path: "/overview/", theme: "light", open: /^Net worth: / },
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu"],
});
const context = await browser.newContext({
  locale: "en-US",
  viewport: { width: 1280, height: 800 },
});
const page = await context.newPage();
await page.goto(`${address}/sign-in/#${secret}`);
await page.getByRole("button", { name: "Sign in with this link" }).click();
await page.waitForURL("**/overview/");
await mkdir(target, { recursive: true });
const browserSession = await context.newCDPSession(page);
for (const { name, path, theme, open } of VIEWS) {
  await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
  await page.goto(address + path);
  await page.locator("h1").waitFor();
  await page.waitForTimeout(2500);
  if (open) {
    await page.getByRole("button", { name: open }).click();
    await page.getByText("Computed again from what is listed").waitFor();
  }
  await page.waitForTimeout(600);
  const shot = await browserSession.send("Page.captureScreenshot", { format: "webp", quality: 82 });
  await writeFile(`${target}${name}.webp`, Buffer.from(shot.data, "base64"));
}
await browser.close();
