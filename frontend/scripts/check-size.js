// Adds up the JavaScript that each screen loads at first, compressed, and fails above the budget.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 200;
const START = ["index.html", "src/app/start.tsx"];
const SHELL = "src/app/shell/Shell.tsx";
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", dist), "utf8"));

const sizes = new Map();
function size(file) {
  const known = sizes.get(file);
  if (known !== undefined) return known;
  const packed = gzipSync(readFileSync(new URL(file, dist)), { level: 9 }).length / 1000;
  sizes.set(file, packed);
  return packed;
}

/** The chunk and all that it imports, except what it loads later. */
function chunks(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const imported of manifest[key].imports ?? []) chunks(imported, seen);
  return seen;
}

function firstLoad(screen) {
  const outside = screen.includes("/auth/");
  const keys = [...START, screen, ...(outside ? [] : [SHELL])].flatMap((key) => [...chunks(key)]);
  return [...new Set(keys)].reduce((sum, key) => sum + size(manifest[key].file), 0);
}

const screens = Object.keys(manifest).filter((key) => /^src\/features\/.*Page\.tsx$/.test(key));
const loads = screens.map((screen) => [firstLoad(screen), screen]).sort(([a], [b]) => b - a);
for (const [total, screen] of loads) console.log(`${total.toFixed(1).padStart(7)} kB  ${screen}`);

const above = loads.filter(([total]) => total > BUDGET_KB);
if (screens.length === 0) {
  console.error("dist/ has no screens: build it first.");
  process.exit(1);
}
for (const [total, screen] of above) {
  console.error(
    `${screen} loads ${total.toFixed(1)} kB of JavaScript (gzip) at first; the budget is ${BUDGET_KB} kB. ` +
      "Load what is not seen at once by lazy() or import().",
  );
}
if (above.length > 0) process.exit(1);
