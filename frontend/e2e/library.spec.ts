import { call, enter, expect, expectAccessible, sample, test, upload } from "./support";

const text = (name: string) => ({ name, content: `The notes of ${name} speak of nothing else.` });

test("a new workspace begins with samples, and with a real PDF", async ({ page, account }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Begin with a document" })).toBeVisible();
  expect(account.workspace).toBeTruthy();
  await expectAccessible(page);
  await page.getByLabel("Files to upload").setInputFiles(sample("letter.pdf"));
  const row = page.getByRole("row", { name: /letter\.pdf/ });
  await expect(row).toBeVisible();
  // Live: nothing here asks again, the stream of events tells.
  await expect(row.getByText("Ready")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("region", { name: "Uploads" }).getByText("Ready")).toBeVisible();
  await expectAccessible(page);

  await page.getByLabel("Files to upload").setInputFiles(sample("letter.pdf"));
  await expect(page.getByText("It was here already.")).toBeVisible();
  await expect(page.getByRole("row", { name: /letter\.pdf/ })).toHaveCount(1);
});

test("samples lead to a first question, on a phone too", async ({ page, account }) => {
  expect(account.token).toBeTruthy();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/library");
  await page.getByRole("button", { name: "Load the samples" }).click();
  await expect(page.getByRole("row")).toHaveCount(5);
  const question = page.getByRole("link", { name: "How much notice must the supplier give?" });
  await expect(question).toBeVisible({ timeout: 60_000 });
  await expectAccessible(page);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow).toBe(0);
  await question.click();
  await expect(page).toHaveURL(/\/ask/);
  await expect(page.getByText(/ninety days/).first()).toBeVisible({ timeout: 60_000 });
});

test("files are dropped, and what cannot be read says why", async ({ page, account, request }) => {
  await upload(request, account, [text("first.txt")]);
  await page.goto("/library");
  await expect(page.getByRole("row", { name: /first\.txt/ })).toBeVisible();
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    data.items.add(new File(["%PDF-1.7\nnothing that a reader knows"], "broken.pdf"));
    data.items.add(new File(["What was agreed in May."], "minutes.txt"));
    data.items.add(new File([], "empty.txt"));
    data.items.add(new File([new Uint8Array([0x4d, 0x5a, 0, 0, 1, 2])], "setup.exe"));
    return data;
  });
  const zone = page.getByRole("table", { name: "Documents" });
  await zone.dispatchEvent("dragenter", { dataTransfer: transfer });
  await expect(page.getByText("Drop to add to the library")).toBeVisible();
  await zone.dispatchEvent("drop", { dataTransfer: transfer });

  const tray = page.getByRole("region", { name: "Uploads" });
  await expect(tray.getByText("The file is empty.")).toBeVisible();
  await expect(tray.getByText(/This is a program/)).toBeVisible();
  await expect(page.getByRole("row", { name: /minutes\.txt/ }).getByText("Ready")).toBeVisible({
    timeout: 60_000,
  });
  const broken = page.getByRole("row", { name: /broken\.pdf/ });
  await expect(broken.getByText("Failed")).toBeVisible({ timeout: 60_000 });
  await expect(broken).toContainText(/damaged/);
  // What is wrong, and what helps, is read without opening anything.
  const reason = broken.getByText(/damaged/);
  expect(await reason.evaluate((line) => line.scrollHeight > line.clientHeight)).toBe(false);
  const next = page.getByRole("row", { name: /minutes\.txt/ });
  const [above, below] = [await broken.boundingBox(), await next.boundingBox()].sort(
    (one, two) => (one?.y ?? 0) - (two?.y ?? 0),
  );
  expect((above?.y ?? 0) + (above?.height ?? 0)).toBe(below?.y);
  await tray.getByRole("button", { name: "Close the uploads" }).click();

  await broken.getByRole("button", { name: "broken.pdf", exact: true }).click();
  const details = page.getByRole("dialog", { name: "broken.pdf" });
  await expectAccessible(page);
  const asked = page.waitForResponse((answer) => answer.url().endsWith("/retry"));
  await details.getByRole("button", { name: "Try again" }).click();
  expect((await asked).status()).toBe(202);
  await expect(details.getByRole("alert")).toBeHidden();
  await expect(details.getByRole("alert")).toContainText(/damaged/, { timeout: 60_000 });
});

test("documents are found, chosen and deleted, all by keyboard", async ({
  page,
  account,
  request,
}) => {
  await upload(request, account, ["plan.txt", "minutes.txt", "letter.txt", "offer.txt"].map(text));
  await page.goto("/library");
  await expect(page.getByRole("row")).toHaveCount(5);
  await page.keyboard.press("/");
  await expect(page.getByLabel("Search by name")).toBeFocused();
  await page.keyboard.type("MIN");
  await expect(page).toHaveURL(/q=MIN/);
  await expect(page.getByRole("row")).toHaveCount(2);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("row")).toHaveCount(5);

  await page.getByRole("link", { name: "offer.txt", exact: true }).focus();
  await page.keyboard.press("x");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+X");
  await expect(page.getByText("3 documents chosen")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Delete", exact: true }).focus();
  await page.keyboard.press("Enter");
  const asked = page.getByRole("dialog", { name: "Delete 3 documents?" });
  await expect(asked).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(asked).toBeHidden();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await asked.getByRole("button", { name: "Delete 3 documents" }).click();
  await expect(page.getByText("3 documents deleted")).toBeVisible();
  await expect(page.getByRole("row")).toHaveCount(2);
  const { items } = await call(request, account, "GET", "/v1/documents");
  expect((items as { name: string }[]).map(({ name }) => name)).toEqual(["plan.txt"]);
});

test("collections are made, renamed, filled, filtered by and deleted", async ({
  page,
  account,
  request,
}) => {
  await upload(request, account, [text("outside.txt")]);
  await page.goto("/library");
  await page.getByRole("button", { name: "New collection" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Contracts");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Contracts" })).toBeVisible();
  await expect(page.getByText("Nothing in here yet")).toBeVisible();
  await expectAccessible(page);
  await page.getByLabel("Files to upload").first().setInputFiles(sample("agreement.docx"));
  await expect(page.getByRole("row", { name: /agreement\.docx/ }).getByText("Ready")).toBeVisible({
    timeout: 60_000,
  });
  await expect(page.getByRole("link", { name: "Contracts 1" })).toBeVisible();

  await page.getByRole("button", { name: "Actions for the collection" }).click();
  await page.getByRole("menuitem", { name: "Rename or describe" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Agreements");
  await page.getByLabel("Description").fill("What we signed");
  await page.getByRole("button", { name: "Save the changes" }).click();
  await expect(page.getByRole("heading", { name: "Agreements" })).toBeVisible();
  await expect(page.getByText("What we signed")).toBeVisible();

  await page.getByRole("link", { name: "All documents" }).click();
  await expect(page.getByRole("row")).toHaveCount(3);
  await page.goBack();
  await page.getByRole("button", { name: "Actions for the collection" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete the collection" }).click();
  await expect(page.getByRole("dialog").getByRole("alert")).toBeVisible();
  await page.getByRole("button", { name: "Cancel" }).click();
});

test("5,000 documents scroll, and only those that are seen exist", async ({ page, account }) => {
  const total = 5000;
  const size = 200;
  await page.route(/\/v1\/documents\?/, (route) => {
    const from = Number(new URL(route.request().url()).searchParams.get("cursor") ?? 0);
    const items = Array.from({ length: Math.min(size, total - from) }, (_, at) => ({
      id: `00000000-0000-4000-8000-${String(from + at).padStart(12, "0")}`,
      name: `Document ${from + at + 1}.pdf`,
      mime_type: "application/pdf",
      size_bytes: 1000 + at,
      sha256: "0".repeat(64),
      collection_id: null,
      status: "ready",
      stage: "done",
      progress: 1,
      error: null,
      pages: 3,
      passages: 9,
      created_at: new Date(Date.UTC(2026, 0, 1) - (from + at) * 1000).toISOString(),
    }));
    return route.fulfill({
      json: { items, next_cursor: from + size < total ? String(from + size) : null },
    });
  });
  await page.goto("/library");
  await expect(page.getByRole("link", { name: "Document 1.pdf", exact: true })).toBeVisible();
  expect(account.token).toBeTruthy();
  const last = page.getByRole("link", { name: "Document 5000.pdf", exact: true });
  await page.getByRole("table").hover();
  await expect(async () => {
    await page.mouse.wheel(0, 40_000);
    await expect(last).toBeVisible({ timeout: 200 });
  }).toPass({ timeout: 60_000 });
  expect(await page.getByRole("row").count()).toBeLessThan(80);
});

test("two workspaces stand side by side and see nothing of each other", async ({
  page,
  account,
  request,
  browser,
}) => {
  await upload(request, account, [text("ours.txt")]);
  const other = await browser.newContext({ baseURL: process.env.ASSAY_URL ?? "" });
  const theirs = await other.newPage();
  const stranger = await enter(theirs, "Harbour Labs");
  await upload(request, stranger, [text("theirs.txt")]);
  await Promise.all([page.goto("/library"), theirs.goto("/library")]);
  await expect(page.getByRole("row", { name: /ours\.txt/ })).toBeVisible();
  await expect(theirs.getByRole("row", { name: /theirs\.txt/ })).toBeVisible();
  await expect(page.getByText("theirs.txt")).toHaveCount(0);
  await expect(theirs.getByText("ours.txt", { exact: true })).toHaveCount(0);

  // An address of the one, opened by the other, is an unknown one.
  const { items } = await call(request, account, "GET", "/v1/documents");
  const [document] = items as { id: string }[];
  await theirs.goto(`/library?document=${document?.id ?? ""}`);
  await expect(theirs.getByRole("dialog").getByText("Not found")).toBeVisible();

  // What happens to the one is told to the one.
  await upload(request, account, [text("news.txt")]);
  await expect(page.getByRole("row", { name: /news\.txt/ })).toBeVisible();
  await expect(theirs.getByText("news.txt")).toHaveCount(0);
  await other.close();
});
