import { call, enter, expect, sample, test, upload, uploadSamples } from "./support";
import { look, lookAt, shoot } from "./shots";

test("outside", async ({ page }) => {
  await lookAt(page, { "sign-in": "/sign-in", "sign-up": "/sign-up" });
  await page.goto("/sign-in");
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await look(page, "sign-in-refused");
});

test("the first run", async ({ page }) => {
  await enter(page);
  await lookAt(page, {
    welcome: "/library",
    "ask-empty": "/ask",
    "search-empty": "/search",
    "analyses-empty": "/analyses",
    "analysis-new-empty": "/analyses/new",
    "usage-empty": "/usage",
    "not-found": "/no/such/page",
    "document-gone": `/documents/${crypto.randomUUID()}`,
  });
});

test("the library", async ({ page, request }) => {
  const account = await enter(page);
  for (const name of ["Contracts", "Board papers"]) {
    await call(request, account, "POST", "/v1/collections", { name });
  }
  const [broken = ""] = await upload(request, account, [
    { name: "Scan of the lease.pdf", content: "%PDF-1.7\nnothing that a reader knows" },
  ]);
  const [, agreement = ""] = await uploadSamples(request, account);
  await page.goto("/library");
  await expect(page.getByRole("row")).toHaveCount(6);
  await expect(page.getByRole("heading", { name: "Ask the samples" })).toBeVisible();
  await page.getByRole("link", { name: "Contracts 0" }).click();
  await look(page, "library-empty-collection");
  await page.getByLabel("Files to upload").first().setInputFiles(sample("agreement.docx"));
  await expect(page.getByRole("region", { name: "Uploads" }).getByText("Ready")).toBeVisible({
    timeout: 60_000,
  });
  await page.getByRole("link", { name: "All documents" }).click();
  await expect(page.getByRole("row")).toHaveCount(7);
  await page.mouse.move(0, 0);
  await page.setViewportSize({ width: 1280, height: 800 });
  await shoot(page, "library");
  await look(page, "library-with-uploads");
  await lookAt(page, {
    library: "/library",
    "library-failed": "/library?status=failed",
    "library-nothing-found": "/library?q=zeppelin",
    "library-details": `/library?document=${agreement}`,
    "library-details-failed": `/library?document=${broken}`,
    "document-words": `/documents/${agreement}`,
    "document-failed": `/documents/${broken}`,
    "search-samples": "/search?q=notice+of+the+supplier",
    "search-nothing": "/search?q=zeppelin+hangar&mode=lexical",
    usage: "/usage",
    audit: "/audit",
    "settings-members": "/settings?tab=members",
    "settings-keys": "/settings?tab=api-keys",
    "settings-webhooks": "/settings?tab=webhooks",
    "settings-sessions": "/settings?tab=sessions",
    "settings-password": "/settings?tab=password",
  });
  await page.goto("/library");
  await page.getByRole("checkbox").nth(1).check();
  await look(page, "library-chosen");
  await page.getByRole("button", { name: "Delete" }).first().click();
  await expect(page.getByRole("dialog").or(page.getByRole("alertdialog"))).toBeVisible();
  await look(page, "library-delete");
  await page.goto("/library");
  await page.getByRole("button", { name: "New collection" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await look(page, "library-new-collection");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Command" })).toBeVisible();
  await look(page, "palette");
  await page.keyboard.press("Escape");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("button", { name: "Open the navigation" }).click();
  await page.setViewportSize({ width: 390, height: 844 });
  await look(page, "navigation");
});

const CALLS = {
  library: "/library",
  analyses: "/analyses",
  usage: "/usage",
  audit: "/audit",
  settings: "/settings",
  search: "/search?q=notice",
  conversation: `/ask/${crypto.randomUUID()}`,
  analysis: `/analyses/${crypto.randomUUID()}`,
  document: `/documents/${crypto.randomUUID()}`,
};

test("what is on its way, and what does not come", async ({ page, request }) => {
  const account = await enter(page);
  await uploadSamples(request, account);
  const data = (url: URL) => url.pathname.startsWith("/v1/") && !url.pathname.includes("/auth/");
  await page.route(data, () => undefined);
  for (const [name, path] of Object.entries(CALLS)) {
    await page.goto(path);
    await page.locator("h1").first().waitFor({ state: "attached" });
    await look(page, `loading-${name}`);
  }
  await page.unroute(data);
  const problem = {
    status: 500,
    title: "Internal error",
    code: "internal",
    detail: "Something went wrong on our side.",
    request_id: "0199f3c2a7b94c2e",
  };
  await page.route(data, (route) =>
    route.fulfill({
      status: 500,
      contentType: "application/problem+json",
      body: JSON.stringify(problem),
    }),
  );
  for (const [name, path] of Object.entries(CALLS)) {
    await page.goto(path);
    await expect(page.getByText("Something went wrong on our side.").first()).toBeVisible();
    await look(page, `failing-${name}`);
  }
});
