import { chromium, type BrowserContext } from "@playwright/test";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { analyse } from "./reports";
import { call, enter, expect, test, uploadSamples } from "./support";

const LEAST = 95;
/** What else the machine does only lowers a mark: a low one is tried again, and the best counts. */
const TRIES = 3;
const FORMS = ["phone", "desktop"] as const;
const CATEGORIES = ["performance", "accessibility"] as const;
const FIGURES = {
  FCP: "first-contentful-paint",
  LCP: "largest-contentful-paint",
  TBT: "total-blocking-time",
  CLS: "cumulative-layout-shift",
};

/** What is used of Lighthouse, which `make frontend-audit` installs apart: see audit/package.json. */
interface Lighthouse {
  default: (url: string, flags: object, config?: object) => Promise<{ lhr: Report } | undefined>;
  desktopConfig: object;
}
interface Report {
  categories: Record<string, { score: number | null; auditRefs: { id: string; weight: number }[] }>;
  audits: Record<string, { score: number | null; displayValue?: string; title: string }>;
  environment: { benchmarkIndex: number };
  runtimeError?: { message: string };
}
type Form = (typeof FORMS)[number];

let browser: BrowserContext;
let lighthouse: Lighthouse;
let folder: string;
let port: number;
let origin: string;

test.beforeAll(async ({}, info) => {
  origin = process.env.ASSAY_URL ?? "";
  const path: string = new URL("../audit/node_modules/lighthouse/core/index.js", import.meta.url)
    .href;
  lighthouse = (await import(path)) as Lighthouse;
  port = await freePort();
  folder = await mkdtemp(join(tmpdir(), "assay-audit-"));
  // Lighthouse opens a tab in the browser's own context, so that is the one that signs in.
  const { args = [], ...launch } = info.project.use.launchOptions ?? {};
  browser = await chromium.launchPersistentContext(folder, {
    ...launch,
    baseURL: origin,
    args: [...args, `--remote-debugging-port=${port}`],
  });
});

test.afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

test("the main screens reach Lighthouse's marks", async () => {
  const below: string[] = [];
  const look = async (screen: string, path: string) => {
    for (const form of FORMS) below.push(...tell(screen, form, await audit(origin + path, form)));
  };
  console.log(line("screen", "form", [...CATEGORIES, ...Object.keys(FIGURES), "machine"]));
  await look("sign in", "/sign-in");
  for (const [screen, path] of await signedInScreens()) await look(screen, path);
  expect(below, `marks below ${LEAST}`).toEqual([]);
});

/** A workspace with documents, an answered question and an analysis; the screens that show them. */
async function signedInScreens(): Promise<[screen: string, path: string][]> {
  const page = await browser.newPage();
  const account = await enter(page);
  const document_ids = await uploadSamples(page.request, account);
  const post = (path: string, data: object) => call(page.request, account, "POST", path, data);
  const question = "How much notice must the supplier give?";
  const asked = await post("/v1/ask", { question });
  const fields = [{ name: "Notice" }, { name: "Date", type: "date" }];
  const body = { kind: "extract", name: "Terms", document_ids, fields };
  const table = await analyse(page.request, account, body);
  await page.goto("/library");
  await page.close();
  return [
    ["library", "/library"],
    ["ask", "/ask"],
    ["conversation", `/ask/${String(asked.conversation_id)}`],
    ["search", "/search?q=notice+of+the+supplier"],
    ["analyses", "/analyses"],
    ["table", `/analyses/${table}`],
    ["usage", "/usage"],
  ];
}

async function audit(url: string, form: Form): Promise<Report> {
  let best: Report | undefined;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const report = await run(url, form);
    if (!report) continue;
    if (!best || mark(report, "performance") > mark(best, "performance")) best = report;
    if (CATEGORIES.every((name) => mark(report, name) >= LEAST)) return report;
  }
  if (!best) throw new Error(`Lighthouse has no report of ${url}, ${form}`);
  return best;
}

async function run(url: string, form: Form): Promise<Report | undefined> {
  const flags = {
    port,
    onlyCategories: CATEGORIES,
    disableStorageReset: true,
    // The stream of events keeps the network from ever falling silent.
    maxWaitForLoad: 15_000,
    logLevel: "error",
  };
  const config = form === "desktop" ? lighthouse.desktopConfig : undefined;
  const report = (await lighthouse.default(url, flags, config))?.lhr;
  return report?.runtimeError ? undefined : report;
}

function mark(report: Report, category: string): number {
  return Math.round((report.categories[category]?.score ?? 0) * 100);
}

/** Prints a row; answers which marks are too low, and by what. */
function tell(screen: string, form: Form, report: Report): string[] {
  const { categories, audits, environment } = report;
  const marks = CATEGORIES.map((name) => mark(report, name));
  const figures = Object.values(FIGURES).map((id) => audits[id]?.displayValue ?? "");
  console.log(
    line(screen, form, [...marks.map(String), ...figures, environment.benchmarkIndex.toFixed()]),
  );
  return CATEGORIES.flatMap((name, at) => {
    if ((marks[at] ?? 0) >= LEAST) return [];
    const weak = (categories[name]?.auditRefs ?? [])
      .filter(({ id, weight }) => weight > 0 && (audits[id]?.score ?? 1) < 0.9)
      .map(({ id }) => `${audits[id]?.title ?? id} ${audits[id]?.displayValue ?? ""}`);
    return [`${screen}, ${form}: ${name} ${marks[at] ?? 0} (${weak.join("; ")})`];
  });
}

function line(screen: string, form: string, cells: readonly string[]): string {
  return [screen.padEnd(14), form.padEnd(9), ...cells.map((cell) => cell.padStart(14))].join("");
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = server.address() as AddressInfo;
      server.close(() => resolve(free));
    });
  });
}
