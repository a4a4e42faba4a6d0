import { defineConfig } from "@playwright/test";
import base from "./playwright.config.ts";

export default defineConfig(base, {
  testMatch: "*.shot.ts",
  timeout: 15 * 60_000,
  use: { viewport: { width: 1280, height: 800 }, contextOptions: { reducedMotion: "reduce" } },
});
