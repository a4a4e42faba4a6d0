import { defineConfig } from "@playwright/test";
import base from "./playwright.config.ts";

export default defineConfig(base, {
  testMatch: "*.scroll.ts",
  timeout: 10 * 60_000,
  // A trace takes pictures all the time, and those cost frames.
  use: { trace: "off" },
});
