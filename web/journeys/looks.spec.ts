import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "@playwright/test";
import { settled, watch } from "./expectations";

const PAGES = [
  "/overview/",
  "/accounts/",
  "/portfolio/",
  "/portfolio/performance/",
  "/portfolio/allocation/",
  "/portfolio/rebalance/",
  "/portfolio/what-if/",
  "/transactions/",
  "/payments/",
  "/payments/statement/",
  "/activity/",
  "/jobs/",
  "/import/",
  "/prices/",
  "/settings/",
  "/settings/security/",
  "/settings/tokens/",
  "/settings/targets/",
  "/admin/",
];

for (const path of PAGES) {
  test(`${path} is accessible in both themes, fits every width, and breaks no policy`, async ({
    page,
  }) => {
    const isClean = watch(page);
    for (const [width, theme] of [
      [1440, "light"],
      [768, "light"],
      [360, "dark"],
    ] as const) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await page.goto(path);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await settled(page);
      const beyond = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(beyond, `${path} at ${width} px scrolls sideways`).toBeLessThanOrEqual(0);
      if (width === 768) continue;
      const { violations } = await new AxeBuilder({ page }).analyze();
      const serious = violations.filter(
        (one) => one.impact === "serious" || one.impact === "critical",
      );
      expect(
        serious.map(
          (one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" | ")}`,
        ),
      ).toEqual([]);
    }
    isClean();
  });
}

test("what one sees before signing in is accessible, too", async ({ browser, baseURL }) => {
  const visitor = await browser.newContext({
    baseURL: baseURL ?? "",
    storageState: { cookies: [], origins: [] },
  });
  const page = await visitor.newPage();
  const isClean = watch(page);
  for (const path of ["/", "/sign-in/", "/register/"]) {
    await page.goto(path);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(
      violations
        .filter((one) => one.impact === "serious" || one.impact === "critical")
        .map((one) => one.id),
    ).toEqual([]);
  }
  isClean();
  await visitor.close();
});
