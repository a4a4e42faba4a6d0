import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));
const backend = process.env.ASSAY_BACKEND ?? "http://127.0.0.1:8000";
const proxy = { "/v1": backend, "/openapi.json": backend };

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: {
    alias: {
      "@": source(""),
      // The original writes <style> elements, which the content security policy forbids.
      "react-remove-scroll": source("lib/remove-scroll.tsx"),
    },
  },
  build: {
    // Every browser of these versions knows `light-dark()` and `oklch()`, which the tokens use.
    target: ["chrome123", "edge123", "firefox121", "safari17.5"],
    manifest: true,
    // Nothing inline: the content security policy allows files of this origin alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test-setup.ts"],
    restoreMocks: true,
  },
});
