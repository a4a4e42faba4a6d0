import type { Page } from "@playwright/test";
import { call, expect, expectAccessible, expectAccessibleOnAll, test, upload } from "./support";

/** What a chart of the usage page says in all. */
async function total(page: Page, title: string): Promise<number> {
  const said = await page
    .getByRole("figure", { name: title })
    .getByText(/in all$/)
    .innerText();
  return Number(said.replace(/[^\d.]/g, ""));
}

test("usage changes after an upload and a question", async ({ page, account, request }) => {
  await page.goto("/usage");
  await expect(page.getByText("0 documents, as search keeps them")).toBeVisible();
  const [calls, searches, seconds] = [
    await total(page, "API calls"),
    await total(page, "Look-ups in documents"),
    await total(page, "Processor time"),
  ];
  await expect(page.getByText(/^One for a search or a question;/)).toBeVisible();
  await expectAccessibleOnAll(page);

  await upload(request, account, [
    { name: "notice.txt", content: "The supplier shall give ninety days' notice in writing." },
  ]);
  await call(request, account, "POST", "/v1/ask", {
    question: "How much notice must the supplier give?",
  });
  await expect(async () => {
    await page.reload();
    await expect(page.getByText("1 document, as search keeps them")).toBeVisible();
    expect(await total(page, "Look-ups in documents")).toBeGreaterThan(searches);
    expect(await total(page, "API calls")).toBeGreaterThan(calls + 2);
    expect(await total(page, "Processor time")).toBeGreaterThan(seconds);
  }).toPass({ timeout: 60_000 });

  await page.getByLabel("Time span").selectOption("day");
  await expect.poll(() => total(page, "Look-ups in documents")).toBeGreaterThan(searches);
  const chart = page.getByRole("slider", { name: /^API calls/ });
  await chart.focus();
  await page.keyboard.press("ArrowLeft");
  await expect(chart).toHaveAttribute("aria-valuetext", /: [1-9]/);
  await page.getByText("As a table").click();
  await expect(page.getByRole("region", { name: "Usage by period" })).toBeVisible();
  await expectAccessibleOnAll(page);
});

test("a tab that has the focus shows all of its ring, on a phone too", async ({
  page,
  account,
}) => {
  expect(account.token).toBeTruthy();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/settings");
  const tabs = page.getByRole("tab");
  await tabs.first().focus();
  for (let at = 0; at < 5; at += 1) {
    await expect(tabs.nth(at)).toBeFocused();
    // Pixels between the ring and what cuts it off, and between it and the words, on each side.
    const room = await tabs.nth(at).evaluate((tab) => {
      const style = getComputedStyle(tab);
      const inner = parseFloat(style.outlineOffset);
      const outer = inner + parseFloat(style.outlineWidth);
      const words = document.createRange();
      words.selectNodeContents(tab);
      const [text, ring, frame] = [words, tab, tab.parentElement ?? tab].map((each) =>
        each.getBoundingClientRect(),
      );
      if (!text || !ring || !frame) return [-1];
      return [
        ring.left - outer - frame.left,
        frame.right - ring.right - outer,
        ring.top - outer - frame.top,
        text.left - ring.left + inner,
        ring.right + inner - text.right,
      ];
    });
    expect(Math.min(...room)).toBeGreaterThanOrEqual(0);
    await page.keyboard.press("ArrowRight");
  }
});

test("every screen of the settings and the audit log is accessible", async ({ page, account }) => {
  expect(account.token).toBeTruthy();
  await page.goto("/settings");
  for (const [tab, seen] of [
    ["Members", account.email],
    ["API keys", "No API keys"],
    ["Sessions", "This session"],
    ["Password", "Current password"],
  ] as const) {
    await page.getByRole("tab", { name: tab }).click();
    await expect(page.getByRole("tabpanel").getByText(seen)).toBeVisible();
    await expectAccessibleOnAll(page);
  }
  for (const [tab, button, field] of [
    ["Members", "Add a member", "E-mail"],
    ["API keys", "Make a key", "Name"],
  ] as const) {
    await page.getByRole("tab", { name: tab }).click();
    await page.getByRole("button", { name: button }).click();
    await expect(page.getByLabel(field, { exact: true })).toBeFocused();
    await expectAccessibleOnAll(page);
    await page.keyboard.press("Escape");
  }
  await page.getByRole("link", { name: "Audit log" }).click();
  await expect(page.getByRole("region", { name: "Events" })).toBeVisible();
  await expectAccessibleOnAll(page);
  await page.getByLabel("Kind of event").selectOption("webhook.deleted");
  await expect(page.getByText("Nothing of this kind")).toBeVisible();
  await expectAccessible(page);
});

test("members and keys come and go, and secrets are shown once", async ({ page, account }) => {
  expect(account.token).toBeTruthy();
  const email = `new.${Date.now()}@example.com`;
  await page.goto("/settings");
  await page.getByRole("button", { name: "Add a member" }).click();
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: "Add the member" }).click();
  await expect(page.getByLabel("Temporary password")).toHaveText(/\S{12,}/);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByLabel(`Role of ${email}`).selectOption("admin");
  await expect(page.getByText(`${email} is admin now`)).toBeVisible();
  await page
    .getByRole("row", { name: new RegExp(email) })
    .getByRole("button", { name: "Remove" })
    .click();
  await page.getByRole("button", { name: "Remove the member" }).click();
  await expect(page.getByRole("row", { name: new RegExp(email) })).toHaveCount(0);

  await page.getByRole("tab", { name: "API keys" }).click();
  await page.getByRole("button", { name: "Make a key" }).click();
  await page.getByLabel("Name", { exact: true }).fill("nightly import");
  await page.getByRole("button", { name: "Make the key" }).click();
  await expect(page.getByLabel("API key", { exact: true })).toHaveText(/^assay_/);
  await page.getByRole("button", { name: "Done" }).click();
  const row = page.getByRole("row", { name: /nightly import/ });
  await row.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete the key" }).click();
  await expect(row).toHaveCount(0);
});
