import { defineConfig } from "@playwright/test";
import { OWNER_SESSION } from "./journeys/expectations";

const address = process.env.BURSAR_URL ?? "http://127.0.0.1:8000";

/** Journeys run one after another in the system's Chromium, against a real server with the demo. */
export default defineConfig({
  testDir: "journeys",
  outputDir: "test-results",
  workers: 1,
  forbidOnly: true,
  reporter: [["line"]],
  timeout: 60_000,
  expect: { timeout: 15_000 },
  use: {
    baseURL: address,
    locale: "en-US",
    timezoneId: "UTC",
    screenshot: "only-on-failure",
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    },
  },
  projects: [
    { name: "entry", testMatch: "entry.setup.ts" },
    { name: "product", dependencies: ["entry"], use: { storageState: OWNER_SESSION } },
  ],
});
