import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { call, enter, expect, test, upload, type Account } from "./support";
import { look, lookAt } from "./shots";
import type { APIRequestContext } from "@playwright/test";

const DATA = process.env.ASSAY_TEST_DATA ?? "";
const REPORTS = ["20071229X02007.pdf", "20080109X00035.pdf", "20080114X00043.pdf"];

async function analyse(
  request: APIRequestContext,
  account: Account,
  body: Record<string, unknown>,
): Promise<string> {
  const { id } = await call(request, account, "POST", "/v1/analyses", body);
  const path = `/v1/analyses/${String(id)}`;
  await expect
    .poll(async () => (await call(request, account, "GET", path)).status, { timeout: 60_000 })
    .toBe("completed");
  return `/analyses/${String(id)}`;
}

test("every kind of analysis, with its evidence", async ({ page, request }) => {
  test.skip(DATA === "", "ASSAY_TEST_DATA names no real documents");
  test.setTimeout(6 * 60_000);
  const account = await enter(page);
  const files = REPORTS.map(async (name) => ({
    name,
    content: await readFile(join(DATA, "documents/ntsb", name)),
  }));
  const document_ids = await upload(request, account, await Promise.all(files));
  const fields = [
    { name: "Accident number" },
    { name: "Date", type: "date" },
    { name: "Location" },
    { name: "Injuries" },
    { name: "Name of the pilot's dog" },
  ];
  const labels = [{ name: "Landing" }, { name: "Takeoff" }];
  const topics = ["Injuries", "Aircraft"];
  const ask = (body: Record<string, unknown>) =>
    analyse(request, account, { document_ids, ...body });
  const table = await ask({ kind: "extract", name: "Accident facts", fields });
  const summary = await ask({ kind: "summary", name: "What the reports say" });
  const compare = await ask({ kind: "compare", name: "Side by side", topics });
  const classify = await ask({ kind: "classify", name: "Phase of flight", labels });
  await lookAt(page, {
    "analysis-extract": table,
    "analysis-summary": summary,
    "analysis-compare": compare,
    "analysis-classify": classify,
    analyses: "/analyses",
    "analyses-none-of-these": "/analyses?state=failed",
    "analysis-new": "/analyses/new",
  });
  await page.getByText("Picked documents").click();
  await page.getByRole("button", { name: "Run the analysis" }).click();
  await expect(page.getByText("Give it a name.")).toBeVisible();
  await look(page, "analysis-new-refused");
  for (const kind of ["Classify", "Compare", "Summar"]) {
    await page.getByRole("radio", { name: new RegExp(kind) }).check({ force: true });
    await look(page, `analysis-new-${kind.toLowerCase()}`);
  }
  for (const [name, path] of Object.entries({ table, summary, compare, classify })) {
    await page.goto(path);
    const cell = page.getByRole("button", { name: name === "table" ? "NYC08CA055" : /Show where/ });
    const first = name === "classify" ? page.getByRole("table").getByRole("button") : cell;
    await (name === "classify" ? first.last() : first.first()).click();
    const panel = page.getByRole("region", { name: "Document", exact: true });
    await expect(panel.locator("[data-highlight], mark").first()).toBeVisible({ timeout: 30_000 });
    await look(page, `evidence-${name}`);
  }
});
