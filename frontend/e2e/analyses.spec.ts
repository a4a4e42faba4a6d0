import { readFile } from "node:fs/promises";
import { expectMarked, openedBy } from "./highlight";
import { analyse, FACTS, pathOf, REPORTS, uploadReports } from "./reports";
import { expect, expectAccessible, expectAccessibleOnAll, test } from "./support";
import type { Page } from "@playwright/test";

test("a table is asked for, fills, leads to the words, and is saved", async ({
  page,
  account,
  request,
}) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await uploadReports(request, account);
  await page.goto("/analyses");
  await expect(page.getByRole("heading", { name: "What an analysis does" })).toBeVisible();
  await page.getByRole("link", { name: "New analysis" }).click();

  // Refused before anything is sent, and at the field.
  await page.getByRole("button", { name: "Run the analysis" }).click();
  await expect(page.getByText("Give it a name.")).toBeVisible();
  await expect(page.getByLabel("Name of field 1")).toBeFocused();

  await page.getByText("Picked documents").click();
  await page.getByRole("button", { name: "Pick all shown" }).click();
  await expect(page.getByText("3 documents picked")).toBeVisible();
  await page.getByRole("button", { name: "Paste a list of names" }).click();
  await page.getByRole("textbox", { name: "Names" }).fill("Location\nAccident number\nDate: date");
  await page.getByRole("button", { name: "Add 3 fields" }).click();
  await expect(page.getByLabel("Type of field 3")).toHaveValue("date");
  // The first goes to the end, by keyboard alone.
  await page.getByLabel("Name of field 1").focus();
  await page.keyboard.press("Alt+ArrowDown");
  await page.keyboard.press("Alt+ArrowDown");
  await expect(page.getByLabel("Name of field 3")).toHaveValue("Location");
  await expect(page.getByLabel("Name of field 3")).toBeFocused();
  await page.getByLabel("Name", { exact: true }).fill("Accident facts");
  const takes = page.getByRole("complementary", { name: "What it takes" });
  await expect(takes.getByText("Nothing", { exact: true })).toBeVisible();

  await page.getByRole("button", { name: "Run the analysis" }).click();
  await expect(page.getByRole("heading", { name: "Accident facts" })).toBeVisible();
  await expect(page.getByText("Completed")).toBeVisible({ timeout: 60_000 });
  for (const [name, values] of Object.entries(FACTS)) {
    const row = page.getByRole("row", { name: new RegExp(name) });
    for (const value of values)
      await expect(row.getByRole("button", { name: value })).toBeVisible();
  }

  await page.getByRole("button", { name: "Date", exact: true }).click();
  await expect(page.getByRole("row").nth(1)).toContainText("20080114X00043.pdf");
  await page.getByLabel("Filter the rows").fill("latrobe");
  await expect(page.getByText("1 of 3 rows")).toBeVisible();
  const number = page.getByRole("button", { name: "NYC08CA048" });
  const shown = await openedBy(page, () => number.click());
  const panel = page.getByRole("region", { name: "Document", exact: true });
  await expect(panel).toContainText("20080109X00035.pdf");
  await expect(number).toHaveAttribute("aria-current", "true");
  const file = pathOf("20080109X00035.pdf");
  await expectMarked(page, shown, file, "Accident Number: NYC08CA048");
  await panel.press("Escape");
  await expect(panel).toBeHidden();
  await expect(number).toBeFocused();
  await expect(number).not.toHaveAttribute("aria-current");
  await page.getByLabel("Filter the rows").fill("");

  const csv = await exported(page, "CSV", "Accident facts.csv");
  const lines = csv
    .replace(/^\uFEFF/, "")
    .trim()
    .split(/\r?\n/);
  expect(lines[0]).toContain("Accident number,Date,Location");
  expect(lines).toHaveLength(1 + REPORTS.length);
  for (const [name, [id, date, place]] of Object.entries(FACTS))
    expect(lines.find((line) => line.includes(name))).toContain(`${id},${date},"${place}"`);
  const json = await exported(page, "JSON, with sources", "Accident facts.json");
  expect((JSON.parse(json) as { rows: unknown[] }).rows).toHaveLength(REPORTS.length);
});

/** Saves the table of the open analysis; the text of the file. */
async function exported(page: Page, format: string, name: string): Promise<string> {
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("menuitem", { name: format, exact: true }).click();
  const file = await saved;
  expect(file.suggestedFilename()).toBe(name);
  return readFile(await file.path(), "utf8");
}

test("the form and a table are accessible, wide and narrow", async ({ page, account, request }) => {
  const document_ids = await uploadReports(request, account);
  await page.goto("/analyses/new");
  await page.getByRole("button", { name: "Run the analysis" }).click();
  await expect(page.getByText("Give it a name.")).toBeVisible();
  await expectAccessibleOnAll(page);
  const id = await analyse(request, account, {
    kind: "extract",
    name: "Facts",
    document_ids,
    fields: [{ name: "Date", type: "date" }, { name: "Location" }],
  });
  await page.goto(`/analyses/${id}`);
  await expect(page.getByRole("row")).toHaveCount(1 + REPORTS.length);
  await expectAccessibleOnAll(page);
  await page.getByRole("button", { name: "Export" }).click();
  await expect(page.getByRole("menuitem", { name: "CSV", exact: true })).toBeVisible();
  await expectAccessibleOnAll(page);
});

test("every kind shows what it found and where, wide and narrow", async ({
  page,
  account,
  request,
}) => {
  const document_ids = await uploadReports(request, account);
  const kinds = {
    summary: await analyse(request, account, { kind: "summary", name: "Points", document_ids }),
    compare: await analyse(request, account, {
      kind: "compare",
      name: "Side by side",
      document_ids,
      topics: ["Injuries", "Aircraft"],
    }),
    classify: await analyse(request, account, {
      kind: "classify",
      name: "Phases",
      document_ids,
      labels: [{ name: "Landing" }, { name: "Takeoff" }],
    }),
  };
  await page.goto(`/analyses/${kinds.summary}`);
  await expect(page.getByRole("heading", { name: "Over all documents" })).toBeVisible();
  const first = page.getByRole("button", { name: /Show where/ }).first();
  await expectAccessibleOnAll(page);
  await page.setViewportSize({ width: 1440, height: 900 });
  await openedBy(page, () => first.click());
  await page.goto(`/analyses/${kinds.compare}`);
  await expect(page.getByRole("heading", { name: "Injuries" })).toBeVisible();
  await expectAccessibleOnAll(page);
  await page.goto(`/analyses/${kinds.classify}`);
  const labels = page.getByRole("list", { name: "Documents for each label" });
  await expect(labels).toContainText("Landing");
  await expectAccessibleOnAll(page);
});

test("a question is kept as a template, shared, and taken by another", async ({
  page,
  account,
  request,
}) => {
  await uploadReports(request, account);
  await page.goto("/analyses/new");
  await page.getByRole("radio", { name: /Classify/ }).check({ force: true });
  await page.getByLabel("Label 1", { exact: true }).fill("Landing");
  await page.getByLabel("Label 1", { exact: true }).press("Enter");
  await page.getByLabel("Label 2", { exact: true }).fill("Takeoff");
  await page.getByLabel("When label 2 applies").fill("The aircraft leaves the ground");
  await page.getByRole("button", { name: "Remove label 3" }).click();
  await page.getByRole("button", { name: "Templates" }).click();
  await page.getByRole("menuitem", { name: "Save this as a template" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Phase of flight");
  await page.getByRole("button", { name: "Save the template" }).click();
  await expect(page.getByText("The template “Phase of flight” was saved")).toBeVisible();
  await page.getByRole("button", { name: "Templates" }).click();
  await page.getByRole("menuitem", { name: "Share or delete templates" }).click();
  await page.getByRole("button", { name: "Share Phase of flight" }).click();
  await expect(page.getByRole("dialog").getByText("Shared", { exact: true })).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Escape");

  await page.reload();
  await page.getByRole("button", { name: "Templates" }).click();
  await page.getByRole("menuitem", { name: /Phase of flight/ }).click();
  await expect(page.getByLabel("Label 2", { exact: true })).toHaveValue("Takeoff");
  await expect(page.getByLabel("When label 2 applies")).toHaveValue(
    "The aircraft leaves the ground",
  );
});

test("an analysis takes further documents and is deleted", async ({ page, account, request }) => {
  const [first = "", ...others] = await uploadReports(request, account);
  const id = await analyse(request, account, {
    kind: "extract",
    name: "Dates",
    document_ids: [first],
    fields: [{ name: "Date", type: "date" }],
  });
  await page.goto(`/analyses/${id}`);
  await expect(page.getByText("1 of 1 document", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Add documents" }).click();
  await expect(page.getByRole("button", { name: "Pick all shown" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Pick all shown" }).click();
  await page.getByRole("button", { name: "Add the picked documents" }).click();
  await expect(page.getByText(`${others.length} documents were added`)).toBeVisible();
  // By the stream of events and the table's own look: nobody loads the page anew.
  await expect(page.getByText("3 of 3 documents", { exact: true })).toBeVisible({
    timeout: 60_000,
  });
  await expect(page.getByRole("row")).toHaveCount(4);

  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Add documents" }).click();
  await page.getByRole("button", { name: "Pick all shown" }).click();
  await page.getByRole("button", { name: "Add the picked documents" }).click();
  await expect(page.getByRole("dialog").getByRole("alert")).toContainText("no further documents");
  await page.getByRole("button", { name: "Cancel" }).click();

  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete the analysis" }).click();
  await expect(page.getByText("“Dates” was deleted")).toBeVisible();
  await expect(page).toHaveURL(/\/analyses$/);
});

test("a refusal stands at its field, and nothing that was typed is lost", async ({
  page,
  account,
  request,
}) => {
  await uploadReports(request, account);
  await page.goto("/analyses/new");
  await page.getByText("Picked documents").click();
  await page.getByRole("button", { name: "Pick all shown" }).click();
  await page.getByLabel("Name of field 1").fill("Date");
  let refusals = 0;
  await page.route("**/v1/analyses", async (route) => {
    if (route.request().method() !== "POST") return route.fallback();
    refusals += 1;
    const answers = [
      {
        status: 422,
        body: { errors: [{ location: "body.fields.0.description", message: "too vague" }] },
      },
      {
        status: 402,
        body: { code: "model_budget_spent", detail: "The budget of 5 USD is spent." },
      },
      { status: 429, headers: { "Retry-After": "30" }, body: { detail: "Too many requests." } },
    ];
    const answer = answers[refusals - 1];
    if (!answer) return route.fallback();
    return route.fulfill({
      status: answer.status,
      contentType: "application/problem+json",
      ...("headers" in answer && { headers: answer.headers }),
      body: JSON.stringify({ status: answer.status, title: "Refused", ...answer.body }),
    });
  });
  const run = page.getByRole("button", { name: "Run the analysis" });
  const meaning = page.getByLabel("What is meant by field 1");
  await run.click();
  await expect(page.getByText("Too vague.")).toBeVisible();
  await expect(meaning).toBeFocused();
  await meaning.fill("Day of the accident");
  await run.click();
  await expect(page.getByText("The budget is spent")).toBeVisible();
  await expectAccessible(page);
  await run.click();
  await expect(page.getByText(/Try again in \d+ s/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Estimate again" })).toHaveCount(0);
  await expect(page.getByLabel("Name of field 1")).toHaveValue("Date");
  // Another screen and back: it is still there.
  await page.getByRole("link", { name: "Library" }).click();
  await expect(page).toHaveURL(/library/);
  await page.goBack();
  await expect(meaning).toHaveValue("Day of the accident");
  await run.click();
  await expect(page.getByText("Completed")).toBeVisible({ timeout: 60_000 });
});
