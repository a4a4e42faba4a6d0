import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressOf, ended, serve } from "./backend";
import { startModel, type Model } from "./model";
import { call, enter, expect, test, upload, uploadSamples, type Account } from "./support";
import { look, lookAt, shoot } from "./shots";
import type { APIRequestContext, Page } from "@playwright/test";

const DATA = process.env.ASSAY_TEST_DATA ?? "";
const REPORT = "2022 Q3 AAPL.pdf";
const QUESTION = "What were total net sales in the quarter?";
const NOTICE = "How much notice must the supplier give?";

async function put(page: Page, words: string): Promise<void> {
  await page.getByRole("textbox", { name: "Question" }).fill(words);
  await page.keyboard.press("Enter");
}

test("an answer with its document beside it, and the search", async ({ page, request }) => {
  test.skip(DATA === "", "ASSAY_TEST_DATA names no real documents");
  const account = await enter(page);
  const content = await readFile(join(DATA, "documents/sec-10-q", REPORT));
  const [report = ""] = await upload(request, account, [{ name: REPORT, content }]);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto("/ask");
  await put(page, QUESTION);
  await page
    .getByRole("button", { name: /^Source/ })
    .first()
    .click({ timeout: 60_000 });
  const panel = page.getByRole("region", { name: "Document", exact: true });
  await expect(panel.locator("[data-highlight], mark").first()).toBeVisible({ timeout: 30_000 });
  await shoot(page, "answer");
  await look(page, "answer-with-evidence");
  const conversation = new URL(page.url()).pathname;
  await lookAt(page, {
    conversation,
    ask: "/ask",
    search: "/search?q=net+sales",
    document: `/documents/${report}?page=4`,
  });
  await page.getByRole("button", { name: "Show the text" }).click();
  await expect(page.getByText(/Net sales/i).first()).toBeVisible();
  await look(page, "document-text");
  await page.goto("/search?q=net+sales");
  await page.getByRole("list", { name: "Passages" }).locator("button, a").first().click();
  await expect(panel.locator("[data-highlight], mark").first()).toBeVisible({ timeout: 30_000 });
  await look(page, "search-with-evidence");
});

test("what else comes of a question", async ({ page, request }) => {
  const account = await enter(page);
  await uploadSamples(request, account);
  await page.goto("/ask");
  await expect(page.getByRole("button", { name: NOTICE })).toBeVisible();
  await look(page, "ask-samples");
  await page.getByRole("button", { name: "All documents" }).click();
  await look(page, "ask-scope");
  await page.getByRole("menuitem", { name: "Supply agreement.docx" }).click();
  await look(page, "ask-in-one-document");
  await put(page, "Who won the regatta of Kingsbridge in 1911?");
  await expect(page.getByText("Nothing in them answers this well enough")).toBeVisible();
  await look(page, "ask-not-said");
  await page.route("**/v1/ask", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(/"degraded": ?false/g, '"degraded":true');
    await route.fulfill({ response, body });
  });
  await put(page, NOTICE);
  await expect(page.getByText(/The search by meaning is away/)).toBeVisible();
  await look(page, "ask-degraded");
  await page.getByRole("button", { name: "Earlier" }).click();
  await expect(page.getByRole("link", { name: /Who won/ })).toBeVisible();
  await look(page, "ask-earlier");
});

test.describe("with a model", () => {
  const words = "The supplier gives notice of ninety days before it leaves the agreement, and ";
  let model: Model;
  let backend: ChildProcess;
  let folder: string;
  let url: string;

  test.use({
    baseURL: async ({}, use) => {
      await use(url);
    },
  });

  test.beforeAll(async () => {
    test.setTimeout(150_000);
    folder = await mkdtemp(join(tmpdir(), "assay-shots-"));
    model = await startModel();
    backend = serve(folder, 0, {
      OPENAI_BASE_URL: model.url,
      CHAT_MODEL: "patient-1",
      CHAT_PRICE_INPUT: "1",
      CHAT_PRICE_OUTPUT: "4",
    });
    url = await addressOf(backend);
  });

  test.afterAll(async () => {
    await ended(backend);
    await model.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("an answer on its way, stopped and broken off", async ({ page, request }) => {
    const account = await enter(page);
    await uploadSamples(request, account);
    model.says = { pieces: words.match(/\S+\s*/g) ?? [], pauseMs: 0, waits: true };
    await page.goto("/ask");
    await put(page, NOTICE);
    await expect(page.getByText(/leaves the agreement/)).toBeVisible();
    await look(page, "ask-on-its-way");
    await page.getByRole("button", { name: "Stop" }).click();
    await expect(page.getByText("Stopped before its end.")).toBeVisible();
    await look(page, "ask-stopped");
    model.says = { pieces: words.match(/\S+\s*/g) ?? [], pauseMs: 0, breaks: true };
    await page.getByRole("button", { name: "Ask again" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await look(page, "ask-broken-off");
  });

  test("an analysis that runs, is paused, and one that failed", async ({ page, request }) => {
    const account = await enter(page);
    const document_ids = await uploadSamples(request, account);
    const fields = [{ name: "Notice period" }, { name: "Date", type: "date" }];
    const body = { kind: "extract", document_ids, fields };
    model.says = { pieces: [], pauseMs: 0, waits: true };
    const running = await begin(request, account, { ...body, name: "Terms" });
    await page.goto(`/analyses/${running}`);
    await expect(page.getByText("Running", { exact: true })).toBeVisible({ timeout: 60_000 });
    await look(page, "analysis-running");
    await page.getByRole("button", { name: "Pause" }).click();
    await expect(page.getByText("Paused", { exact: true })).toBeVisible();
    await look(page, "analysis-paused");
    await call(request, account, "POST", `/v1/analyses/${running}/cancel`);

    model.says = { pieces: ["No table."], pauseMs: 0 };
    const failed = await begin(request, account, { ...body, name: "Terms once more" });
    const status = async () =>
      (await call(request, account, "GET", `/v1/analyses/${failed}`)).status;
    await expect.poll(status, { timeout: 180_000 }).toMatch(/completed|failed/);
    await lookAt(page, { "analysis-failed": `/analyses/${failed}`, "analyses-list": "/analyses" });
  });
});

async function begin(
  request: APIRequestContext,
  account: Account,
  body: Record<string, unknown>,
): Promise<string> {
  return String((await call(request, account, "POST", "/v1/analyses", body)).id);
}
