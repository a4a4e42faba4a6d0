import { readFile } from "node:fs/promises";
import { call, expect, expectAccessible, test, upload, type Account } from "./support";
import type { APIRequestContext } from "@playwright/test";

const DATA =
  process.env.ASSAY_TEST_DATA ?? new URL("../../../shared/data", import.meta.url).pathname;
const REPORTS = ["20071229X02007.pdf", "20080109X00035.pdf", "20080114X00043.pdf"];

async function uploadReports(request: APIRequestContext, account: Account): Promise<string[]> {
  const files = REPORTS.map(async (name) => ({
    name,
    content: await readFile(`${DATA}/documents/ntsb/${name}`),
  }));
  return upload(request, account, await Promise.all(files));
}

/** Begins an analysis behind the page's back and waits for its end. */
async function analyse(
  request: APIRequestContext,
  account: Account,
  body: Record<string, unknown>,
): Promise<string> {
  const { id } = await call(request, account, "POST", "/v1/analyses", body);
  await expect
    .poll(async () => (await call(request, account, "GET", `/v1/analyses/${String(id)}`)).status, {
      timeout: 60_000,
    })
    .toBe("completed");
  return String(id);
}

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
  await expect(page.getByLabel("Name of field 1")).toHaveValue("Date");
  // Another screen and back: it is still there.
  await page.getByRole("link", { name: "Library" }).click();
  await expect(page).toHaveURL(/library/);
  await page.goBack();
  await expect(meaning).toHaveValue("Day of the accident");
  await run.click();
  await expect(page.getByText("Completed")).toBeVisible({ timeout: 60_000 });
});
