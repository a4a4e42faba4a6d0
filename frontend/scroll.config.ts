import { defineConfig } from "@playwright/test";
import base from "./playwright.config.ts";

export default defineConfig(base, { testMatch: "*.scroll.ts", timeout: 25 * 60_000 });
