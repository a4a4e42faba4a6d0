import type { Page } from "@playwright/test";
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressOf, ended, serve } from "./backend";
import { expectMarked, openedBy } from "./highlight";
import { startModel, type Model } from "./model";
import {
  call,
  endSessions,
  enter,
  expect,
  expectAccessible,
  expectAccessibleOnAll,
  test,
  upload,
  uploadSamples,
} from "./support";

const REPORT = join(process.env.ASSAY_TEST_DATA ?? "", "documents/sec-10-q/2023 Q1 AAPL.pdf");
const NOTICE = "How much notice must the supplier give?";
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };

const question = (page: Page) => page.getByRole("textbox", { name: "Question" });
const source = (page: Page, number: number) =>
  page.getByRole("button", { name: new RegExp(`^Source ${number}:`) });

async function put(page: Page, words: string): Promise<void> {
  await question(page).fill(words);
  await question(page).press("Enter");
}

/** axe finds nothing and nothing reaches over the side, wide and narrow. */
async function expectSound(page: Page): Promise<void> {
  for (const size of [WIDE, NARROW]) {
    await page.setViewportSize(size);
    await expectAccessible(page);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(over).toBe(0);
  }
  await page.setViewportSize(WIDE);
}

test("a report is uploaded, asked, and its source opened at the quoted words", async ({
  page,
  account,
  request,
}) => {
  test.skip(!existsSync(REPORT), "ASSAY_TEST_DATA has no quarterly report");
  test.setTimeout(240_000);
  await page.setViewportSize(WIDE);
  await page.goto("/ask");
  await expect(page.getByRole("heading", { name: "Nothing to ask yet" })).toBeVisible();
  await expectSound(page);
  await page.getByRole("link", { name: "Go to the library" }).click();
  await expect(page.getByRole("heading", { name: "Begin with a document" })).toBeVisible();
  await page.getByLabel("Files to upload").setInputFiles(REPORT);
  const row = page.getByRole("row", { name: /2023 Q1 AAPL\.pdf/ });
  await expect(row.getByText("Ready")).toBeVisible({ timeout: 180_000 });

  await page.getByRole("link", { name: "Ask", exact: true }).click();
  await expect(question(page)).toBeFocused();
  await put(page, "How much did the Company spend on share repurchases in the first quarter?");
  await expect(page.getByText(/\$19\.0 billion/).first()).toBeVisible();
  await expect(page).toHaveURL(/\/ask\/[0-9a-f-]{36}$/);
  await expectSound(page);

  const id = new URL(page.url()).pathname.split("/")[2] ?? "";
  const { messages } = await call(request, account, "GET", `/v1/conversations/${id}`);
  const [, answer] = messages as { citations: { quote: string; page: number }[] }[];
  const [first] = answer?.citations ?? [];
  if (!first) throw new Error("The answer has no source");
  const shown = await openedBy(page, () => source(page, 1).click());
  expect(shown.page).toBe(first.page);
  await expectMarked(page, shown, REPORT, first.quote);
  await expectSound(page);

  // Larger, the marks go along with the words.
  const panel = page.getByRole("region", { name: "Document", exact: true });
  await panel.getByRole("button", { name: "Larger" }).click();
  const again = await openedBy(page, async () => {
    await page.keyboard.press("Escape");
    await page.reload();
    await source(page, 1).click();
  });
  await expectMarked(page, again, REPORT, first.quote);

  // As text, the same words are marked.
  await panel.getByRole("button", { name: "Show the text" }).click();
  await expect(panel.locator("mark")).toHaveText(first.quote);
  await expectSound(page);
  await panel.getByRole("button", { name: "Next page" }).click();
  await expect(panel.getByText(`Page ${first.page + 1} of`)).toBeVisible();
  await expect(panel.locator("mark")).toHaveCount(0);
});

test("a conversation goes on, is copied, found again, renamed and deleted, by keyboard", async ({
  page,
  account,
  request,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await uploadSamples(request, account);
  await page.goto("/ask");
  await expect(page.getByRole("button", { name: NOTICE })).toBeVisible();
  await expectSound(page);
  await page.getByRole("button", { name: NOTICE }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText(/notice of ninety days/).first()).toBeVisible();

  await source(page, 1).focus();
  await page.keyboard.press("Enter");
  const panel = page.getByRole("region", { name: "Document", exact: true });
  await expect(panel.locator("mark")).toContainText("ninety days");
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
  await expect(source(page, 1)).toBeFocused();

  await page.getByRole("button", { name: "Copy" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toMatch(/ninety days.*\[1\]\n\n\[1\] Supply agreement\.docx, page 1: “/s);

  await put(page, "Who won the regatta of Kingsbridge in 1911?");
  await expect(page.getByText("Nothing in them answers this well enough")).toBeVisible();
  await expect(page.getByText("The documents do not say", { exact: true })).toHaveCount(1);
  await expectSound(page);

  await page.getByRole("button", { name: "Earlier" }).click();
  const earlier = page.getByRole("dialog", { name: "Earlier conversations" });
  await earlier.getByRole("button", { name: `More for ${NOTICE}` }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  await page.getByLabel("Title").fill("Notice of the supplier");
  await page.keyboard.press("Enter");
  await expect(earlier.getByRole("link", { name: /Notice of the supplier/ })).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "New" }).click();
  await expect(page.getByRole("article")).toHaveCount(0);
  await page.getByRole("button", { name: "Earlier" }).click();
  await earlier.getByRole("link", { name: /Notice of the supplier/ }).click();
  await expect(page.getByRole("article")).toHaveCount(2);
  await expect(source(page, 1)).toBeVisible();

  await page.getByRole("button", { name: "Earlier" }).click();
  await earlier.getByRole("button", { name: "More for Notice of the supplier" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete conversation" }).click();
  await expect(page).toHaveURL(/\/ask$/);
  await expect(page.getByRole("article")).toHaveCount(0);
});

test("an answer is looked for where the person says", async ({ page, account, request }) => {
  await uploadSamples(request, account);
  await page.goto("/ask");
  await page.getByRole("button", { name: "All documents" }).click();
  await page.getByRole("menuitem", { name: "Inspection report, Line 2.md" }).click();
  await expectAccessible(page);
  await put(page, NOTICE);
  await expect(page.getByText("Nothing in them answers this well enough")).toBeVisible();
  await page.getByRole("button", { name: /Do not look in Inspection report/ }).click();
  await put(page, NOTICE);
  await expect(page.getByText(/notice of ninety days/).first()).toBeVisible();
});

test("a search by words alone is told kindly", async ({ page, account, request }) => {
  await uploadSamples(request, account);
  await page.route("**/v1/ask", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replaceAll('"degraded": false', '"degraded":false');
    await route.fulfill({ response, body: body.replace('"degraded":false', '"degraded":true') });
  });
  await page.goto("/ask");
  await put(page, NOTICE);
  await expect(page.getByText(/The search by meaning is away/)).toBeVisible();
  await expect(source(page, 1)).toBeVisible();
  await expectSound(page);
});

test("a session that ends in mid-work takes no word along", async ({ page, account, request }) => {
  await uploadSamples(request, account);
  await page.goto("/ask");
  await question(page).fill(NOTICE);
  await endSessions(request, account);
  await question(page).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await expect(dialog).toBeVisible();
  await expect(page.getByText(NOTICE).first()).toBeVisible();
  await dialog.getByLabel("Password", { exact: true }).fill(account.password);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText(/notice of ninety days/).first()).toBeVisible();

  // And with words that were not sent yet.
  await question(page).fill("And how much must the buyer give, who");
  await endSessions(request, account);
  await page.getByRole("button", { name: "Earlier" }).click();
  await expect(dialog).toBeVisible();
  await dialog.getByLabel("Password", { exact: true }).fill(account.password);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await expect(dialog).toBeHidden();
  await page.keyboard.press("Escape");
  await expect(question(page)).toHaveValue("And how much must the buyer give, who");
  await expect(page.getByRole("article")).toHaveCount(1);
});

test("two workspaces side by side ask and find nothing of each other", async ({
  page,
  account,
  request,
  browser,
}) => {
  const ours = { name: "ours.txt", content: "The vault of Fernhill opens with the word marigold." };
  const theirs = {
    name: "theirs.txt",
    content: "The vault of Harbour opens with the word juniper.",
  };
  const [ourId = ""] = await upload(request, account, [ours]);
  const other = await browser.newContext({ baseURL: process.env.ASSAY_URL ?? "" });
  const their = await other.newPage();
  const stranger = await enter(their, "Harbour Labs");
  await upload(request, stranger, [theirs]);
  await Promise.all([page.goto("/ask"), their.goto("/ask")]);
  const asked = "With which word does the vault open?";
  await Promise.all([put(page, asked), put(their, asked)]);
  await expect(page.getByText(/marigold/).first()).toBeVisible();
  await expect(their.getByText(/juniper/).first()).toBeVisible();
  await expect(page.getByText(/juniper/)).toHaveCount(0);
  await expect(their.getByText(/marigold/)).toHaveCount(0);

  await expect(page).toHaveURL(/\/ask\/./);
  await their.goto(page.url());
  await expect(their.getByText("Not found")).toBeVisible();
  await their.goto(`/documents/${ourId}`);
  await expect(their.getByText("Not found")).toBeVisible();
  await their.goto("/search?q=vault+word+marigold");
  await expect(their.getByRole("list", { name: "Passages" })).toContainText("juniper");
  await expect(their.getByText(/opens with the word marigold/)).toHaveCount(0);
  await their.goto(`/ask?document=${ourId}&question=With+which+word+does+the+vault+open`);
  await expect(their.getByRole("alert")).toBeVisible();
  await expect(their.getByText(/marigold/)).toHaveCount(0);
  await other.close();
});

test.describe("with a model that takes its time", () => {
  const whole = "The supplier gives ninety days [1]. The buyer gives thirty days [1].";
  const words = Array.from({ length: 400 }, (_, at) => `word${at} `);
  let model: Model;
  let backend: ChildProcess;
  let folder: string;
  let url: string;

  async function start(port = 0): Promise<void> {
    backend = serve(folder, port, {
      OPENAI_BASE_URL: model.url,
      CHAT_MODEL: "patient-1",
      CHAT_PRICE_INPUT: "1",
      CHAT_PRICE_OUTPUT: "4",
    });
    url = await addressOf(backend);
  }

  test.use({
    baseURL: async ({}, use) => {
      await use(url);
    },
  });

  test.beforeAll(async () => {
    test.setTimeout(150_000);
    folder = await mkdtemp(join(tmpdir(), "assay-e2e-model-"));
    model = await startModel();
    await start();
  });

  test.afterAll(async () => {
    await ended(backend);
    await model.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Asks, and waits until the answer grows. */
  async function begin(page: Page): Promise<void> {
    model.says = { pieces: words, pauseMs: 100 };
    await page.goto("/ask");
    await put(page, NOTICE);
    await expect(page.getByText(/word3/)).toBeVisible();
  }

  /** Asks again, and gets the answer with its source. */
  async function askAgain(page: Page): Promise<void> {
    model.says = { pieces: whole.match(/\S+\s*/g) ?? [], pauseMs: 5 };
    await page.getByRole("button", { name: "Ask again" }).click();
    await expect(source(page, 1).first()).toBeVisible({ timeout: 60_000 });
    await expect(page.getByText(/^patient-1 · 960 tokens · \$0\.00/)).toBeVisible();
    await expect(page.getByRole("article")).toHaveCount(1);
    await expect(page.getByText(/word3/)).toHaveCount(0);
  }

  test("an analysis that waits for the model, is paused and fails says so, accessibly", async ({
    page,
    account,
    request,
  }) => {
    test.setTimeout(240_000);
    const document_ids = await uploadSamples(request, account);
    const spec = { kind: "extract", document_ids, fields: [{ name: "Notice period" }] };
    const begun = async (name: string) =>
      String((await call(request, account, "POST", "/v1/analyses", { ...spec, name })).id);
    model.says = { pieces: [], pauseMs: 0, waits: true };
    await page.goto(`/analyses/${await begun("Terms")}`);
    await expect(page.getByText("Running", { exact: true })).toBeVisible({ timeout: 60_000 });
    await expectAccessibleOnAll(page);
    await page.getByRole("button", { name: "Pause" }).click();
    await expect(page.getByText("Paused", { exact: true })).toBeVisible();
    await expectAccessibleOnAll(page);

    model.says = { pieces: ["No table."], pauseMs: 0 };
    await page.goto(`/analyses/${await begun("Terms once more")}`);
    await expect(page.getByText("Failed", { exact: true })).toBeVisible({ timeout: 150_000 });
    await expect(page.getByText("4 of 4 documents failed")).toBeVisible();
    await expectAccessibleOnAll(page);
  });

  test("an answer is stopped, and asked for again", async ({ page, account, request }) => {
    await uploadSamples(request, account);
    await begin(page);
    await expectAccessible(page);
    await page.getByRole("button", { name: "Stop" }).click();
    await expect(page.getByText("Stopped before its end.")).toBeVisible();
    await expect(page.getByText(/word0 word1 word2 word3/)).toBeVisible();
    // The model is not left talking to nobody.
    await expect.poll(() => model.speaking()).toBe(0);
    await expectSound(page);
    await question(page).fill("What I was about to ask");
    await page.reload();
    await expect(page.getByText(/word0 word1 word2 word3/)).toBeVisible();
    await expect(question(page)).toHaveValue("What I was about to ask");
    await askAgain(page);

    // And in a conversation that the server keeps, after what it keeps.
    await expect(page).toHaveURL(/\/ask\/./);
    model.says = { pieces: words.slice(0, 5), pauseMs: 20, breaks: true };
    await put(page, "And how much the buyer?");
    await expect(page.getByRole("alert")).toBeVisible();
    await page.reload();
    await expect(page.getByRole("article")).toHaveCount(2);
    await expect(page.getByRole("article").last()).toContainText("And how much the buyer?");
    model.says = { pieces: whole.match(/\S+\s*/g) ?? [], pauseMs: 5 };
    await page.getByRole("button", { name: "Ask again" }).last().click();
    await expect(page.getByText(/^patient-1/)).toHaveCount(2);
    await page.reload();
    await expect(page.getByText(/^patient-1/)).toHaveCount(2);
    await expect(page.getByRole("article")).toHaveCount(2);
  });

  test("who signs out leaves no question behind", async ({ page, account, request }) => {
    await uploadSamples(request, account);
    await begin(page);
    await page.getByRole("button", { name: "Stop" }).click();
    await expect(page.getByText("Stopped before its end.")).toBeVisible();
    await question(page).fill("What I was about to ask");
    await page.goto("/library");
    expect(await page.evaluate(() => JSON.stringify(sessionStorage))).toContain("about to ask");
    await page.getByRole("button", { name: account.email }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    expect(await page.evaluate(() => JSON.stringify(sessionStorage))).not.toContain("word0");
  });

  test("a model that breaks off keeps what it said", async ({ page, account, request }) => {
    await uploadSamples(request, account);
    model.says = { pieces: words.slice(0, 5), pauseMs: 20, breaks: true };
    await page.goto("/ask");
    await put(page, NOTICE);
    await expect(page.getByRole("alert")).toBeVisible();
    await expect(page.getByText(/word0 word1 word2/)).toBeVisible();
    await expectSound(page);
    await askAgain(page);
  });

  test("a backend that is killed and comes back loses no word", async ({
    page,
    account,
    request,
  }) => {
    test.setTimeout(240_000);
    await uploadSamples(request, account);
    await begin(page);
    const port = Number(new URL(url).port);
    const gone = new Promise((resolve) => backend.once("exit", resolve));
    backend.kill("SIGKILL");
    await gone;
    await expect(page.getByRole("alert")).toContainText("Assay does not answer");
    await expect(page.getByText(/word0 word1 word2 word3/)).toBeVisible();
    await expect(page.getByRole("heading", { name: NOTICE })).toBeVisible();
    await question(page).fill("What I was about to ask");
    await expectSound(page);

    await start(port);
    await askAgain(page);
    await expect(question(page)).toHaveValue("What I was about to ask");
    await expect(page).toHaveURL(/\/ask\/./);
  });
});
