import { endSessions, expect, expectAccessible, test } from "./support";

test("a person signs up, leaves, and comes back to where they wanted to go", async ({ page }) => {
  const email = `grace.${Date.now()}@example.com`;
  await page.goto("/library?status=failed");
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await expectAccessible(page);
  await page.getByRole("link", { name: "Create a workspace" }).click();
  await page.getByLabel("Workspace").fill("Harbour Labs");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Create the workspace" }).click();
  await expect(page).toHaveURL(/\/library\?status=failed/);

  await page.reload();
  await expect(page.getByRole("button", { name: /Harbour Labs/ })).toBeVisible();
  await page.getByRole("button", { name: /Harbour Labs/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();

  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
});

test("what is wrong is told at its field, and nothing typed is lost", async ({ page }) => {
  await page.goto("/sign-up");
  await page.getByLabel("Workspace").fill("Harbour Labs");
  await page.getByLabel("E-mail").fill("not an address");
  await page.getByLabel("Password", { exact: true }).fill("short");
  await page.getByRole("button", { name: "Create the workspace" }).click();
  const address = page.getByLabel("E-mail");
  await expect(address).toHaveAttribute("aria-invalid", "true");
  await expect(address).toBeFocused();
  await expect(page.getByLabel("Password", { exact: true })).toHaveAttribute(
    "aria-invalid",
    "true",
  );
  await expect(page.getByLabel("Workspace")).toHaveValue("Harbour Labs");
  await expect(address).toHaveValue("not an address");
  await expectAccessible(page);
});

test("a wrong password is told", async ({ page, account }) => {
  await page.context().clearCookies();
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill(account.email);
  await page.getByLabel("Password", { exact: true }).fill("wrong horse battery");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toContainText(/password/i);
});

test("the way back leads to no other site", async ({ page, account }) => {
  await page.context().clearCookies();
  for (const next of ["https://example.com/", "//example.com/", "/%5Cexample.com"]) {
    await page.goto(`/sign-in?next=${next}`);
    await page.getByLabel("E-mail").fill(account.email);
    await page.getByLabel("Password", { exact: true }).fill(account.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
    await page.context().clearCookies();
  }
});

test("a session that ends in mid-work is taken up over the page", async ({
  page,
  account,
  request,
}) => {
  await page.goto("/library");
  await page.getByRole("button", { name: "Load the samples" }).click();
  await page.getByRole("button", { name: "New collection" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Contracts of 2025");

  await endSessions(request, account);
  await page.getByRole("button", { name: "Create the collection" }).click();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await expect(dialog).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeVisible();
  await dialog.getByLabel("Password", { exact: true }).fill(account.password);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await expect(dialog).toBeHidden();
  // The very call that met the end of the session went on.
  await expect(page.getByRole("heading", { name: "Contracts of 2025" })).toBeVisible();
});

test("two tabs refresh one after the other and stay signed in", async ({
  page,
  account,
  context,
}) => {
  await page.goto("/library");
  await expect(page.getByRole("button", { name: new RegExp(account.workspace) })).toBeVisible();
  const tabs = await Promise.all([1, 2, 3].map(() => context.newPage()));
  await Promise.all(tabs.map((tab) => tab.goto("/library")));
  for (const tab of tabs) {
    await expect(tab.getByRole("button", { name: new RegExp(account.workspace) })).toBeVisible();
  }
  // Signing out in one signs out in all.
  await page.getByRole("button", { name: new RegExp(account.workspace) }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  for (const tab of tabs) await expect(tab.getByRole("heading", { name: "Sign in" })).toBeVisible();
});
