import { analyse, uploadReports } from "./reports";
import { enter, expect, test } from "./support";
import { look, lookAt } from "./shots";

test("every kind of analysis, with its evidence", async ({ page, request }) => {
  test.skip(!process.env.ASSAY_TEST_DATA, "ASSAY_TEST_DATA names no real documents");
  const account = await enter(page);
  const document_ids = await uploadReports(request, account);
  const fields = [
    { name: "Accident number" },
    { name: "Date", type: "date" },
    { name: "Location" },
    { name: "Injuries" },
    { name: "Name of the pilot's dog" },
  ];
  const labels = [{ name: "Landing" }, { name: "Takeoff" }];
  const topics = ["Injuries", "Aircraft"];
  const ask = async (body: Record<string, unknown>) =>
    `/analyses/${await analyse(request, account, { document_ids, ...body })}`;
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
