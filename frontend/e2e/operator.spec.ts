import type { Browser, Page } from "@playwright/test";
import { open, operators } from "./operators";
import {
  call,
  expect,
  expectAccessible,
  expectAccessibleOnAll,
  expectInReach,
  test,
  upload,
} from "./support";

const ADMIN = ["/v1/admin/tenants", "/v1/admin/usage", "/v1/admin/topology", "/v1/admin/queue"];

/** The operator's browser is another one than the tenant's. */
async function consolePage(browser: Browser, key: string): Promise<Page> {
  const context = await browser.newContext({ baseURL: process.env.ASSAY_URL ?? "" });
  const page = await context.newPage();
  await open(page, key);
  return page;
}

let key = "";
test.beforeAll(async () => {
  key = await operators("create", `e2e ${Date.now()}`);
});

async function openTenant(page: Page, name: string, id: string): Promise<void> {
  await page.getByRole("searchbox").fill(id);
  await page.getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
}

test("a limit that an operator changes is met by the tenant, and is gone when it is taken back", async ({
  page,
  account,
  browser,
  request,
}) => {
  const { tenant } = (await call(request, account, "GET", "/v1/me")) as { tenant: { id: string } };
  const operator = await consolePage(browser, key);
  await openTenant(operator, account.workspace, tenant.id);
  const field = operator.getByLabel("Requests a minute");
  await expect(field).toHaveValue("");
  await expect(operator.getByText("Standard gives 100")).toBeVisible();
  await field.fill("several");
  await operator.getByRole("button", { name: "Save" }).click();
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveValue("several");
  await field.fill("3");
  await operator.getByRole("button", { name: "Save" }).click();
  await expect(operator.getByText("It holds from the tenant’s next request on.")).toBeVisible();

  await page.goto("/usage");
  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("tab", { name: "Sessions" }).click();
  await page.getByRole("link", { name: "Audit log" }).click();
  await expect(page.getByText("A little too fast")).toBeVisible();
  await expect(page.getByRole("button", { name: /Trying again in \d+ s/ })).toBeVisible();

  await field.fill("");
  await operator.getByRole("button", { name: "Save" }).click();
  await expect(async () => {
    const report = await call(request, account, "GET", "/v1/usage");
    expect(report.limits).toMatchObject({ requests_per_minute: 100 });
  }).toPass();
  // The page asks again by itself, and shows who changed what.
  const events = page.getByRole("region", { name: "Events" });
  await expect(events.getByText("An operator changed the workspace's limits").first()).toBeVisible({
    timeout: 60_000,
  });
  await operator.getByLabel("Tier", { exact: true }).selectOption("premium");
  await operator.getByRole("button", { name: "Save" }).click();
  await expect(operator.getByText("Premium gives 500")).toBeVisible();
  await page.goto("/usage");
  await expect(page.getByText("premium")).toBeVisible();
  await operator.context().close();
});

test("who is no operator sees no way in, and gets nothing when they take one", async ({
  page,
  account,
  request,
}) => {
  const made = await call(request, account, "POST", "/v1/api-keys", { name: "k", role: "owner" });
  const guess = `assay_op_${"x".repeat(43)}`;
  for (const credentials of [account.token, made.key as string, guess, "assay_op_"]) {
    for (const path of ADMIN) {
      const headers = { Authorization: `Bearer ${credentials}` };
      const answer = await request.get(path, { headers });
      expect([answer.status(), ((await answer.json()) as { code: string }).code]).toEqual([
        403,
        "operator_only",
      ]);
    }
  }
  // The cookie of a session opens nothing either, whatever a page claims to be.
  for (const path of ADMIN) {
    const answer = await page.request.get(path, { headers: { "X-Assay-Client": "web" } });
    expect(answer.status()).toBe(401);
  }

  const given: string[] = [];
  page.on("response", (answer) => {
    if (answer.url().includes("/v1/admin") && answer.ok()) given.push(answer.url());
  });
  await page.goto("/library");
  await expect(page.getByRole("link", { name: "Library" })).toBeVisible();
  await expect(page.getByRole("link", { name: /Operator/ })).toHaveCount(0);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Command" }).fill("operator");
  await expect(page.getByText("Nothing is called that.")).toBeVisible();
  for (const path of ["/operator", "/operator/state", `/operator/tenants/${crypto.randomUUID()}`]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { name: "Operator’s console" })).toBeVisible();
    await expect(page.getByRole("table")).toHaveCount(0);
    for (const [attempt, told] of [
      [account.token, /begins with assay_op_/],
      [made.key as string, /begins with assay_op_/],
      [guess, /opens nothing/],
    ] as const) {
      await page.getByLabel("Operator’s key").fill(attempt);
      await page.getByRole("button", { name: "Open the console" }).click();
      await expect(page.getByText(told)).toBeVisible();
      await expect(page.getByLabel("Operator’s key")).toHaveValue(attempt);
    }
  }
  await expectAccessibleOnAll(page);
  expect(given).toEqual([]);
});

test("the key lives in the page alone, and a revoked one loses nothing that was typed", async ({
  page,
}) => {
  const name = `leaving ${Date.now()}`;
  await open(page, await operators("create", name));
  const kept = await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]));
  expect(kept + (await page.context().cookies()).map(({ value }) => value).join()).not.toContain(
    "assay_op_",
  );
  await page.getByRole("button", { name: "New tenant" }).click();
  await page.getByLabel("Name of the workspace").fill("Half-typed");
  await operators("revoke", name);
  await page.getByLabel("E-mail of its owner").fill("somebody@example.com");
  await page.getByRole("button", { name: "Make the tenant" }).click();
  const dialog = page.getByRole("dialog", { name: "Your key is not taken any more" });
  await expect(dialog).toBeVisible();
  await expectAccessible(page);
  await dialog.getByLabel("Operator’s key").fill(key);
  await dialog.getByRole("button", { name: "Go on" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByLabel("Name of the workspace")).toHaveValue("Half-typed");
  await page.reload();
  await expect(page.getByRole("heading", { name: "Operator’s console" })).toBeVisible();
});

test("a tenant is made, suspended, let in again and deleted", async ({ page, browser }) => {
  await open(page, key);
  const name = `Quarry ${Date.now()}`;
  const email = `owner.${Date.now()}@example.com`;
  await page.getByRole("button", { name: "New tenant" }).click();
  await page.getByRole("button", { name: "Make the tenant" }).click();
  await expect(page.getByLabel("Name of the workspace")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Name of the workspace").fill(name);
  await page.getByLabel("E-mail of its owner").fill(email);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Make the tenant" }).click();
  const password = await page.getByLabel("Temporary password").innerText();
  await page.getByRole("button", { name: "Done" }).click();

  const context = await browser.newContext({ baseURL: process.env.ASSAY_URL ?? "" });
  const owner = await context.newPage();
  await owner.goto("/sign-in");
  await owner.getByLabel("E-mail").fill(email);
  await owner.getByLabel("Password", { exact: true }).fill(password);
  await owner.getByRole("button", { name: "Sign in" }).click();
  await expect(owner.getByRole("heading", { name: "Library" })).toBeVisible();

  await openTenant(page, name, name);
  await page.getByRole("button", { name: "Manage" }).click();
  await page.getByRole("menuitem", { name: "Suspend" }).click();
  await page.getByRole("button", { name: "Suspend the tenant" }).click();
  await expect(page.getByText("Nobody can use this tenant")).toBeVisible();
  await owner.getByRole("link", { name: "Audit log" }).click();
  await expect(owner.getByText("This workspace is suspended. Ask the operator.")).toBeVisible();

  await page.getByRole("button", { name: "Manage" }).click();
  await page.getByRole("menuitem", { name: "Let it be used again" }).click();
  await expect(page.getByText("Nobody can use this tenant")).toBeHidden();
  await owner.reload();
  await expect(owner.getByRole("heading", { name: "Audit log" })).toBeVisible();
  const events = owner.getByRole("region", { name: "Events" });
  await expect(events.getByText("An operator suspended the workspace")).toBeVisible();

  await page.getByRole("button", { name: "Manage" }).click();
  await page.getByRole("menuitem", { name: "Delete with everything" }).click();
  await page.getByLabel(/^Type /).fill("another");
  await page.getByRole("button", { name: "Delete the tenant" }).click();
  await expect(page.getByText("This is not the tenant’s name.")).toBeVisible();
  await page.getByLabel(/^Type /).fill(name);
  await page.getByRole("button", { name: "Delete the tenant" }).click();
  await expect(page.getByRole("heading", { name: "Tenants" })).toBeVisible();
  await expect(page.getByText("is being deleted")).toBeVisible();
  await context.close();
});

test("every screen of the console is accessible, and tells what failed without naming it", async ({
  page,
  account,
  request,
}) => {
  const broken = "%PDF-1.7\nnothing that a reader knows";
  await upload(request, account, [{ name: "secret plans.pdf", content: broken }]);
  const { tenant } = (await call(request, account, "GET", "/v1/me")) as { tenant: { id: string } };
  await open(page, key);
  await expect(page.getByText("What tenants pay is not set")).toBeVisible();
  await expectAccessibleOnAll(page);
  await page.getByRole("button", { name: "Requests" }).click();
  await expect(page.getByRole("columnheader", { name: "Requests" })).toHaveAttribute(
    "aria-sort",
    "descending",
  );
  await page.getByRole("searchbox").fill("no such tenant");
  await expect(page.getByText("No tenant is called that")).toBeVisible();
  await expectAccessible(page);

  await openTenant(page, account.workspace, tenant.id);
  await expectAccessibleOnAll(page);

  await page.getByRole("link", { name: "State" }).click();
  await expect(page.getByText("Everything is well")).toBeVisible();
  for (const part of ["PostgreSQL", "Redis", "Vector store", "File store"]) {
    await expect(
      page.getByRole("listitem").filter({ hasText: part }).getByText("Well"),
    ).toBeVisible();
  }
  await expect(page.getByRole("region", { name: "Queue" }).getByRole("row")).toHaveCount(4);
  const failed = page.getByRole("region", { name: "What failed" });
  await expect(failed.getByRole("row", { name: /Document/ }).first()).toBeVisible();
  await expect(page.getByText("secret plans")).toHaveCount(0);
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 844 });
    await expectInReach(page, "Queue");
    await expectInReach(page, "What failed");
    await expect(page.getByRole("button", { name: "Lock the console" })).toBeInViewport({
      ratio: 1,
    });
  }
  await expectAccessibleOnAll(page);
  await page.getByRole("link", { name: "Tenants" }).click();
  const tenants = page.getByRole("region", { name: "Tenants" });
  await expect(tenants.getByRole("row").last()).toContainText(/Look-ups\s*\d/);
  for (const width of [390, 320]) {
    await page.setViewportSize({ width, height: 844 });
    await expectInReach(page, "Tenants");
  }
  await page.getByLabel("Order by").selectOption("name");
  const names = await tenants.getByRole("link").allTextContents();
  expect(names).toEqual(
    names.toSorted((one, two) => (one.toLowerCase() < two.toLowerCase() ? -1 : 1)),
  );
  await expectAccessible(page);
});
