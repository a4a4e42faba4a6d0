import type { Page, Route } from "@playwright/test";
import { readFile } from "node:fs/promises";
import { expectMarked, openedBy } from "./highlight";
import { call, expect, expectAccessible, sample, test, upload, uploadSamples } from "./support";

const SEARCH = "**/v1/search";
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 390, height: 844 };

const box = (page: Page) => page.getByRole("searchbox", { name: "Search the documents" });
const passages = (page: Page) => page.getByRole("list", { name: "Passages" });
const chosen = (page: Page) => passages(page).locator("[aria-current=true]");

async function expectSound(page: Page): Promise<void> {
  for (const size of [WIDE, NARROW]) {
    await page.setViewportSize(size);
    await expectAccessible(page);
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(over).toBe(0);
  }
  await page.setViewportSize(WIDE);
}

const problem = (route: Route, status: number, headers: Record<string, string> = {}) =>
  route.fulfill({
    status,
    headers,
    contentType: "application/problem+json",
    body: JSON.stringify({
      type: "about:blank",
      title: "It failed",
      status,
      code: "test",
      detail: "What is wrong.",
      request_id: "r-123",
    }),
  });

test("a passage is found while one types, chosen and opened, all by keyboard", async ({
  page,
  account,
  request,
}) => {
  await uploadSamples(request, account);
  await page.setViewportSize(WIDE);
  await page.goto("/library");
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await expect(box(page)).toBeFocused();
  await expect(page.getByRole("heading", { name: "What are you looking for?" })).toBeVisible();
  await expectSound(page);

  await page.keyboard.type("cost of stopping line");
  await expect(passages(page)).toBeVisible();
  await page.keyboard.type(" 2");
  await expect(page).toHaveURL(/q=cost\+of\+stopping\+line\+2/);
  await expect(passages(page)).toHaveAttribute("aria-busy", "false");
  await expect(passages(page).locator("mark", { hasText: /^stop/ }).first()).toBeVisible();
  await expect(passages(page).locator("mark", { hasText: /^of$/ })).toHaveCount(0);
  await expectSound(page);

  const first = passages(page).getByRole("link").first();
  const second = passages(page).getByRole("link").nth(1);
  await expect(chosen(page)).toHaveCount(1);
  await expect(first).toHaveAttribute("aria-current", "true");
  await box(page).focus();
  await page.keyboard.press("ArrowDown");
  await expect(second).toHaveAttribute("aria-current", "true");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await expect(first).toHaveAttribute("aria-current", "true");

  await box(page).fill("supplier notice");
  await expect(chosen(page)).toContainText("Supply agreement.docx");
  await page.keyboard.press("Enter");
  const panel = page.getByRole("region", { name: "Document", exact: true });
  await expect(panel.locator("mark")).toContainText(/notice/);
  await page.keyboard.press("Escape");
  await expect(panel).toBeHidden();
  await expect(box(page)).toBeFocused();

  // What was looked for is in the address: it can be sent, come back to, left.
  await page.reload();
  await expect(box(page)).toHaveValue("supplier notice");
  await expect(passages(page)).toContainText("Supply agreement.docx");
  await page.getByRole("navigation").getByRole("link", { name: "Search", exact: true }).click();
  await expect(box(page)).toHaveValue("");
  await expect(passages(page)).toBeHidden();
});

test("a passage of a PDF is marked on its page's picture", async ({ page, account, request }) => {
  const content = await readFile(sample("letter.pdf"));
  await upload(request, account, [{ name: "letter.pdf", content }]);
  const query = "what a stop of line 2 costs a day";
  const { hits } = await call(request, account, "POST", "/v1/search", { query });
  const [best] = hits as { text: string }[];
  await page.setViewportSize(WIDE);
  await page.goto(`/search?q=${encodeURIComponent(query)}`);
  const shown = await openedBy(page, () => passages(page).getByRole("link").first().click());
  await expectMarked(page, shown, sample("letter.pdf"), best?.text ?? "");
  await expectSound(page);
});

test("the search is narrowed to a collection, and to the very words", async ({
  page,
  account,
  request,
}) => {
  await uploadSamples(request, account);
  const { id } = await call(request, account, "POST", "/v1/collections", { name: "Contracts" });
  await page.goto("/search?q=notice");
  await expect(passages(page)).toBeVisible();
  await page.getByLabel("Collection").selectOption(id as string);
  await expect(page.getByRole("heading", { name: "Nothing found" })).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`collection=${id as string}`));
  await expectSound(page);
  await page.getByRole("button", { name: "Search everywhere, by meaning too" }).click();
  await expect(passages(page)).toBeVisible();

  await page.goto("/search?q=zebra");
  await expect(page.getByText("No passage has these words.")).toBeVisible();
  await page.getByLabel("Search by").selectOption("lexical");
  await expect(page.getByRole("heading", { name: "Nothing found" })).toBeVisible();
  await expect(page).toHaveURL(/mode=lexical/);
});

test("nothing to search, a search by words alone, and failures each have a face", async ({
  page,
  account,
  request,
}) => {
  await page.goto("/search?q=notice");
  await expect(page.getByRole("heading", { name: "Nothing to search yet" })).toBeVisible();
  await expectSound(page);
  await uploadSamples(request, account);

  await page.route(SEARCH, async (route) => {
    const response = await route.fetch();
    const found = (await response.json()) as Record<string, unknown>;
    await route.fulfill({ response, json: { ...found, degraded: true } });
  });
  await page.goto("/search?q=notice");
  await expect(page.getByText("Found by words alone")).toBeVisible();
  await expectSound(page);
  await page.unroute(SEARCH);

  let asked = 0;
  await page.route(SEARCH, (route) => {
    asked += 1;
    return asked > 1 ? route.continue() : problem(route, 429, { "Retry-After": "4" });
  });
  await box(page).fill("supplier");
  await expect(page.getByRole("button", { name: /Trying again in \d s/ })).toBeVisible();
  await expect(passages(page)).toBeVisible();
  await page.unroute(SEARCH);

  await page.route(SEARCH, (route) => problem(route, 500));
  await box(page).fill("buyer");
  await expect(page.getByText("Something broke on our side")).toBeVisible();
  await expect(box(page)).toHaveValue("buyer");
  await expectSound(page);
  await page.unroute(SEARCH);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(passages(page)).toBeVisible();
});
