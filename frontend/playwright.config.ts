import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  testMatch: "*.spec.ts",
  globalSetup: "./e2e/backend.ts",
  globalTimeout: 30 * 60_000,
  timeout: 90_000,
  // Two slow cores do it all: the browser, the backend, the reading of documents.
  expect: { timeout: 20_000 },
  workers: 1,
  retries: 0,
  forbidOnly: true,
  reporter: [["list"]],
  use: {
    actionTimeout: 20_000,
    trace: "retain-on-failure",
    viewport: { width: 1280, height: 800 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      // As root, in a container, there is no sandbox to be had; the pages are our own.
      args: ["--no-sandbox"],
    },
  },
});
