import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const source = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url));
const backend = process.env.ASSAY_BACKEND ?? "http://127.0.0.1:8000";
const proxy = { "/v1": backend, "/openapi.json": backend };

/** Writes a compressed copy beside each file that gains by it; the servers send those. */
function precompress(): Plugin {
  return {
    name: "precompress",
    apply: "build",
    async closeBundle() {
      const folder = fileURLToPath(new URL("dist", import.meta.url));
      const files = await readdir(folder, { recursive: true });
      for (const file of files.filter((each) => /\.(html|js|css|svg)$/.test(each))) {
        const bytes = await readFile(join(folder, file));
        const packed = await promisify(gzip)(bytes, { level: 9 });
        if (packed.length < bytes.length * 0.9) await writeFile(join(folder, `${file}.gz`), packed);
      }
    },
  };
}

/** Has the browser fetch the application along with the entry, which imports it only when it runs. */
function preloadStart(): Plugin {
  return {
    name: "preload-start",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle = {}, chunk: entry }) {
        const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
        const start = chunks.find(
          ({ facadeModuleId }) => facadeModuleId === source("app/start.tsx"),
        );
        if (!start) throw new Error("The bundle has no src/app/start.tsx");
        const known = new Set([entry?.fileName, ...(entry?.imports ?? [])]);
        return [start.fileName, ...start.imports]
          .filter((file) => !known.has(file))
          .map((file) => {
            const attrs = { rel: "modulepreload", crossorigin: true, href: `/${file}` };
            return { tag: "link", attrs, injectTo: "head" };
          });
      },
    },
  };
}

/**
 * What several screens share comes in few files. Left to itself, the bundler makes some forty of them,
 * most with one icon: each costs a request, a link that the browser must look at, and its own gzip.
 * React DOM and the session stay apart because main.tsx needs them before the rest.
 */
const GROUPS = [
  { name: "react", test: /node_modules\/react\//, priority: 3 },
  { name: "react-dom", test: /node_modules\/(react-dom|scheduler)\//, priority: 2 },
  { name: "session", test: source("api/session.ts"), priority: 1 },
  { name: "base", minShareCount: 3 },
];

export default defineConfig({
  plugins: [react(), tailwindcss(), preloadStart(), precompress()],
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
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } },
  },
  server: { host: "127.0.0.1", proxy },
  preview: { host: "127.0.0.1", proxy },
});
