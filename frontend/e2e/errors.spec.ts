import { expect, expectAccessible, test, upload } from "./support";

const LIST = /\/v1\/documents\?/;

function problem(
  status: number,
  title: string,
  detail: string,
  headers: Record<string, string> = {},
) {
  const body = { type: "about:blank", title, status, code: "test", detail, request_id: "r-123" };
  return { status, headers, contentType: "application/problem+json", body: JSON.stringify(body) };
}

test("a limit shows its countdown and goes on by itself", async ({ page, account }) => {
  expect(account.token).toBeTruthy();
  let asked = 0;
  await page.route(LIST, (route) => {
    asked += 1;
    if (asked > 1) return route.continue();
    return route.fulfill(
      problem(429, "Too many requests", "The limit is reached.", { "Retry-After": "4" }),
    );
  });
  await page.goto("/library");
  await expect(page.getByText("A little too fast")).toBeVisible();
  await expect(page.getByRole("button", { name: /Trying again in \d s/ })).toBeVisible();
  await expectAccessible(page);
  await expect(page.getByRole("heading", { name: "Begin with a document" })).toBeVisible();
});

test("a fault of the server says so, with the number to tell, and a way on", async ({
  page,
  account,
}) => {
  expect(account.token).toBeTruthy();
  let broken = true;
  await page.route(LIST, (route) =>
    broken
      ? route.fulfill(problem(500, "Internal error", "Something went wrong on our side."))
      : route.continue(),
  );
  await page.goto("/library");
  await expect(page.getByText("Something broke on our side")).toBeVisible();
  await expect(page.getByText("r-123")).toBeVisible();
  await expectAccessible(page);
  broken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Begin with a document" })).toBeVisible();
});

test("a part that is away is asked again without anybody doing anything", async ({
  page,
  account,
}) => {
  expect(account.token).toBeTruthy();
  let asked = 0;
  await page.route(LIST, (route) => {
    asked += 1;
    if (asked > 2) return route.continue();
    return route.fulfill(
      problem(503, "Service unavailable", "The database is away.", { "Retry-After": "1" }),
    );
  });
  await page.goto("/library");
  await expect(page.getByRole("heading", { name: "Begin with a document" })).toBeVisible();
});

test("what may not be done is told without losing what was typed", async ({
  page,
  account,
  request,
}) => {
  await upload(request, account, [{ name: "a.txt", content: "Some words." }]);
  await page.route("**/v1/collections", (route) =>
    route.request().method() === "POST"
      ? route.fulfill(problem(409, "Conflict", "There is a collection of this name already."))
      : route.continue(),
  );
  await page.goto("/library");
  await page.getByRole("button", { name: "New collection" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Contracts");
  await page.getByRole("button", { name: "Create the collection" }).click();
  await expect(page.getByRole("alert")).toContainText(
    "There is a collection of this name already.",
  );
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("Contracts");
});

test("being offline is told, and passes", async ({ page, account, context, request }) => {
  await upload(request, account, [{ name: "a.txt", content: "Some words." }]);
  await page.goto("/library");
  await expect(page.getByRole("row", { name: /a\.txt/ })).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText(/You are offline/)).toBeVisible();
  await expect(page.getByRole("row", { name: /a\.txt/ })).toBeVisible();
  await expectAccessible(page);
  await context.setOffline(false);
  await expect(page.getByText(/You are offline/)).toBeHidden();
});

test("an unknown address has a way back", async ({ page, account }) => {
  expect(account.token).toBeTruthy();
  await page.goto("/no/such/page");
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Go to your workspace" }).click();
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
});
