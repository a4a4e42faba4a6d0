// Adds up what each screen loads at first, compressed, and fails above the budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 200;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));
const size = (file) => gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length / 1000;

/** The chunk and all that it imports, except what it loads later. */
function chunks(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const imported of manifest[key].imports ?? []) chunks(imported, seen);
  return seen;
}

const first = chunks("index.html");
const screens = manifest["index.html"].dynamicImports.filter((key) => key.endsWith("Page.tsx"));
let worst = 0;
for (const screen of screens) {
  const total = [...new Set([...first, ...chunks(screen)])].reduce(
    (sum, key) => sum + size(manifest[key].file),
    0,
  );
  worst = Math.max(worst, total);
  console.log(`${total.toFixed(1).padStart(7)} kB  ${screen}`);
}
if (screens.length === 0 || worst > BUDGET_KB) {
  console.error(`A first load may take ${BUDGET_KB} kB of JavaScript, compressed.`);
  process.exit(1);
}
