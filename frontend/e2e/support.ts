import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type APIRequestContext, type Page } from "@playwright/test";
import { readFile } from "node:fs/promises";

export { expect };

export interface Account {
  workspace: string;
  email: string;
  password: string;
  /** An access token for what a test prepares behind the page's back. */
  token: string;
}

interface Fixtures {
  /** A workspace of one's own, signed in, with its first page not yet opened. */
  account: Account;
  /** Fails a test whose page reported a fault, such as a breach of the content security policy. */
  quiet: undefined;
}

let count = 0;

export const test = base.extend<Fixtures>({
  baseURL: async ({}, use) => {
    await use(process.env.ASSAY_URL);
  },
  account: async ({ page }, use) => {
    await use(await enter(page));
  },
  quiet: [
    async ({ page }, use) => {
      const faults: string[] = [];
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => {
        // The browser itself reports every answer that is an error; those are tested by what is shown.
        const isAnswer = message.text().startsWith("Failed to load resource");
        // And on plain HTTP from another host, that a header of its safety has no meaning there.
        const isPlain = message.text().startsWith("The Cross-Origin-Opener-Policy header has been");
        if (message.type() === "error" && !isAnswer && !isPlain) faults.push(message.text());
      });
      await use(undefined);
      expect(faults, "the page's faults").toEqual([]);
    },
    { auto: true },
  ],
});

/** Signs up a new workspace in the page's context, without going through the form. */
export async function enter(page: Page, workspace = "Fernhill Springs"): Promise<Account> {
  count += 1;
  const email = `ada.${Date.now()}.${count}@example.com`;
  const password = "correct horse battery";
  const answer = await page.request.post("/v1/signup", {
    headers: { "X-Assay-Client": "web" },
    data: { workspace, email, password },
  });
  expect(answer.status()).toBe(201);
  const { access_token: token } = (await answer.json()) as { access_token: string };
  // What the application would have noted after the form; the cookie is there already.
  await page.addInitScript(() => localStorage.setItem("assay.returning", "yes"));
  return { workspace, email, password, token };
}

export function sample(name: string): string {
  return new URL(`../public/samples/${name}`, import.meta.url).pathname;
}

export async function call(
  request: APIRequestContext,
  account: Account,
  method: string,
  path: string,
  data?: unknown,
): Promise<Record<string, unknown>> {
  const answer = await request.fetch(path, {
    method,
    headers: { Authorization: `Bearer ${account.token}` },
    ...(data !== undefined && { data }),
  });
  expect(answer.ok(), `${method} ${path}: ${answer.status()}`).toBe(true);
  return answer.status() === 204 ? {} : ((await answer.json()) as Record<string, unknown>);
}

/** Uploads files behind the page's back and waits until each is read. */
export async function upload(
  request: APIRequestContext,
  account: Account,
  files: readonly { name: string; content: string | Buffer }[],
): Promise<string[]> {
  const ids: string[] = [];
  for (const { name, content } of files) {
    const answer = await request.post("/v1/documents", {
      headers: { Authorization: `Bearer ${account.token}` },
      multipart: {
        file: { name, mimeType: "application/octet-stream", buffer: Buffer.from(content) },
      },
    });
    expect(answer.status()).toBe(202);
    const { documents } = (await answer.json()) as { documents: { id: string }[] };
    ids.push(...documents.map(({ id }) => id));
  }
  await expect
    .poll(
      async () => {
        const list = await call(request, account, "GET", "/v1/documents?limit=200");
        const items = list.items as { status: string }[];
        return items.filter(({ status }) => status === "queued" || status === "processing").length;
      },
      { timeout: 60_000, intervals: [1000] },
    )
    .toBe(0);
  return ids;
}

/** The four samples, read. */
export async function uploadSamples(
  request: APIRequestContext,
  account: Account,
): Promise<string[]> {
  const names = {
    "letter.pdf": "Letter to shareholders, Q3 2025.pdf",
    "agreement.docx": "Supply agreement.docx",
    "inspection.md": "Inspection report, Line 2.md",
    "expenses.csv": "Travel expenses, September 2025.csv",
  };
  const files = Object.entries(names).map(async ([path, name]) => {
    return { name, content: await readFile(sample(path)) };
  });
  return upload(request, account, await Promise.all(files));
}

/** axe finds nothing in light and in dark, and nothing juts out, on a phone and on a desk. */
export async function expectAccessibleOnAll(page: Page): Promise<void> {
  for (const width of [390, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    await expectAccessible(page);
    const over = await page.evaluate(() => {
      const frames = [document.documentElement, ...document.querySelectorAll("main")];
      return Math.max(...frames.map((each) => each.scrollWidth - each.clientWidth));
    });
    expect(over, `what juts out of ${width} pixels`).toBe(0);
  }
}

/** Every button of a table's rows is seen whole, without scrolling sideways. */
export async function expectInReach(page: Page, table: string): Promise<void> {
  const region = page.getByRole("region", { name: table, exact: true });
  const sideways = await region.evaluate((each) => each.scrollWidth - each.clientWidth);
  expect(sideways, `what juts out of ${table}`).toBe(0);
  const beyond = await region
    .locator("td")
    .evaluateAll((cells) => cells.filter((each) => each.scrollWidth > each.clientWidth).length);
  expect(beyond, `cells of ${table} that reach into others`).toBe(0);
  for (const button of await region.locator("tbody").getByRole("button").all()) {
    await button.scrollIntoViewIfNeeded();
    await expect(button).toBeInViewport({ ratio: 1 });
  }
}

/** Ends every session of the account but one of its own, as the person may from elsewhere. */
export async function endSessions(request: APIRequestContext, account: Account): Promise<void> {
  const login = await request.post("/v1/auth/login", {
    data: { email: account.email, password: account.password },
  });
  const { access_token: token } = (await login.json()) as { access_token: string };
  const elsewhere = { ...account, token };
  const { items } = await call(request, elsewhere, "GET", "/v1/sessions");
  for (const { id, current } of items as { id: string; current: boolean }[]) {
    if (!current) await call(request, elsewhere, "DELETE", `/v1/sessions/${id}`);
  }
}

/** axe finds nothing, in light and in dark. */
export async function expectAccessible(page: Page): Promise<void> {
  // What is on its way out belongs to no screen.
  await expect(page.locator("[role=menu][data-state=closed]")).toHaveCount(0);
  for (const colorScheme of ["light", "dark"] as const) {
    // Still: a colour in mid-transition has no contrast to speak of.
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await violations(page), `accessibility, ${colorScheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
}

/** What axe finds wrong with the page as it is: the rule, and where it is broken. */
export async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze();
  // An open menu takes the focus and is drawn over the page: it belongs to its button, not to a landmark.
  const isMenu = (html: string) => html.startsWith("<div data-radix-popper");
  return found
    .filter(({ id, nodes }) => id !== "region" || !nodes.every(({ html }) => isMenu(html)))
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join("\n  ")}`);
}
