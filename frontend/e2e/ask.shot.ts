import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { enter, expect, test, upload } from "./support";
import { shoot, shootAll } from "./shots";

const DATA = process.env.ASSAY_TEST_DATA ?? "";
const QUESTION = "What were total net sales in the quarter?";

test("an answer with its document beside it, and every screen", async ({ page, request }) => {
  test.skip(DATA === "", "ASSAY_TEST_DATA names no real documents");
  test.setTimeout(5 * 60_000);
  const account = await enter(page);
  const name = "2022 Q3 AAPL.pdf";
  const content = await readFile(join(DATA, "documents/sec-10-q", name));
  await upload(request, account, [{ name, content }]);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto("/ask");
  await page.getByRole("textbox").first().fill(QUESTION);
  await page.keyboard.press("Enter");
  await page
    .getByRole("button", { name: /^Source/ })
    .first()
    .click({ timeout: 60_000 });
  const panel = page.getByRole("region", { name: "Document" });
  await expect(panel.locator("[data-highlight], mark").first()).toBeVisible({ timeout: 30_000 });
  await shoot(page, "answer");
  const conversation = new URL(page.url()).pathname;
  const screens = {
    library: "/library",
    conversation,
    ask: "/ask",
    search: "/search?q=net+sales",
    analyses: "/analyses",
    "new-analysis": "/analyses/new",
    usage: "/usage",
    settings: "/settings",
    audit: "/audit",
  };
  await shootAll(page, screens);
});
