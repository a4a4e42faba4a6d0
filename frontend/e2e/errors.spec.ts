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

test("a part that is away longer is told, stays told, and comes back by itself", async ({
  page,
  account,
}) => {
  expect(account.token).toBeTruthy();
  let [away, asked] = [true, 0];
  await page.route(/\/v1\/analyses(\?|$)/, (route) => {
    if (!away) return route.continue();
    asked += 1;
    return route.fulfill(problem(503, "Service unavailable", "The database is away."));
  });
  await page.goto("/analyses");
  const told = page.getByRole("heading", { name: "A part of Assay is away" });
  await expect(told).toBeVisible();
  await expectAccessible(page);
  // A face that gave way to the rows of loading with each attempt could not be read.
  await told.evaluate((face) => {
    new MutationObserver(() => {
      if (!face.isConnected) document.title = "It went away";
    }).observe(document.body, { childList: true, subtree: true });
  });
  const before = asked;
  await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThan(before);
  await expect(told).toBeVisible();
  await expect(page).not.toHaveTitle("It went away");
  away = false;
  await expect(page.getByRole("heading", { name: "What an analysis does" })).toBeVisible({
    timeout: 20_000,
  });
});

test("what is opened without a connection says so, and comes when it is back", async ({
  page,
  account,
  context,
}) => {
  expect(account.token).toBeTruthy();
  await page.goto("/analyses?kind=summary");
  await expect(page.getByText("None of these")).toBeVisible();
  await context.setOffline(true);
  await page.getByLabel("Kind").selectOption("compare");
  await expect(page.getByRole("heading", { name: "You are offline" })).toBeVisible();
  await expectAccessible(page);
  await context.setOffline(false);
  await expect(page.getByText("None of these")).toBeVisible();
});

test("an unknown address has a way back", async ({ page, account }) => {
  expect(account.token).toBeTruthy();
  const answer = await page.goto("/no-such.page");
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
  await page.goto("/no/such/page");
  await expect(page.getByRole("heading", { name: "There is no such page" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Go to your workspace" }).click();
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
});

test("what an address says that nobody understands is passed over", async ({
  page,
  account,
  request,
}) => {
  const [id] = await upload(request, account, [{ name: "a.txt", content: "Some words." }]);
  for (const [path, title] of [
    ["/settings?tab=nothing", "Settings"],
    ["/analyses?kind=nothing&state=nothing", "Analyses"],
    ["/ask?question=%5B%5D&document=%7B%7D", "Ask"],
    [`/documents/${id}?page=nothing&start=9&end=1`, "a.txt"],
    ["/library?status=nothing&document=%5B%5D", "Library"],
  ] as const) {
    await page.goto(path);
    await expect(page.getByRole("heading", { name: title, exact: true }).first()).toBeVisible();
  }
});

const FACES = [
  [403, "You may not see this"],
  [404, "Not found"],
  [429, "A little too fast"],
  [500, "Something broke on our side"],
  [503, "A part of Assay is away"],
] as const;

for (const [path, call] of [
  ["/usage", "/v1/usage"],
  ["/audit", "/v1/audit"],
  ["/settings?tab=members", "/v1/members"],
  ["/settings?tab=api-keys", "/v1/api-keys"],
  ["/settings?tab=sessions", "/v1/sessions"],
] as const) {
  test(`each failure has a face on ${path}`, async ({ page, account }) => {
    expect(account.token).toBeTruthy();
    let status: number = FACES[0][0];
    await page.route(new RegExp(`${call}(\\?|$)`), (route) => {
      // Tried again at once by itself where it may pass; a limit has a countdown.
      const headers = { "Retry-After": status === 429 ? "30" : "0" };
      return route.fulfill(problem(status, "The title", "What the server says of it.", headers));
    });
    for (const [next, title] of FACES) {
      status = next;
      await page.goto(path);
      await expect(page.getByRole("heading", { name: title })).toBeVisible();
      await expect(page.getByText("What the server says of it.")).toBeVisible();
      if (status === 429) {
        await expect(page.getByRole("button", { name: /Trying again in \d+ s/ })).toBeVisible();
      }
      if (status === 500) {
        await expect(page.getByText("r-123")).toBeVisible();
        await expectAccessible(page);
      }
    }
    await page.unroute(new RegExp(`${call}(\\?|$)`));
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(page.getByRole("heading", { name: FACES[4][1] })).toBeHidden();
  });
}

test("nobody answering has a face, and passes", async ({ page, account }) => {
  expect(account.token).toBeTruthy();
  await page.route(/\/v1\/usage/, (route) => route.abort("connectionrefused"));
  await page.goto("/usage");
  await expect(page.getByRole("heading", { name: "Assay does not answer" })).toBeVisible();
  await expectAccessible(page);
  await page.unroute(/\/v1\/usage/);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "What was used" })).toBeVisible();
});

const FORMS = [
  {
    path: "/settings?tab=members",
    opened: "Add a member",
    call: "**/v1/members",
    typed: { "E-mail": "bo@example.com" },
    send: "Add the member",
  },
  {
    path: "/settings?tab=api-keys",
    opened: "Make a key",
    call: "**/v1/api-keys",
    typed: { Name: "nightly import" },
    send: "Make the key",
  },
  {
    path: "/settings?tab=password",
    opened: null,
    call: "**/v1/me/password",
    typed: { "Current password": "correct horse battery", "New password": "another horse battery" },
    send: "Change the password",
  },
] as const;

for (const { path, opened, call, typed, send } of FORMS) {
  test(`whatever fails, what was typed at ${path} is kept`, async ({ page, account }) => {
    expect(account.token).toBeTruthy();
    await page.goto(path);
    if (opened) await page.getByRole("button", { name: opened }).first().click();
    for (const [label, value] of Object.entries(typed)) {
      await page.getByLabel(label, { exact: true }).fill(value);
    }
    let status: number | null = null;
    await page.route(call, (route) => {
      if (route.request().method() === "GET") return route.continue();
      if (status === null) return route.abort("connectionrefused");
      const headers: Record<string, string> = status === 429 ? { "Retry-After": "20" } : {};
      return route.fulfill(problem(status, "Refused", `This is a ${status}.`, headers));
    });
    for (status of [401, 403, 404, 409, 413, 422, 429, 500, 503, null]) {
      await page.getByRole("button", { name: send }).click();
      await expect(page.getByRole("alert")).toContainText(
        status === null ? "The connection failed." : `This is a ${status}.`,
      );
      if (status === 429) await expect(page.getByText(/Try again in \d+ s/)).toBeVisible();
      for (const [label, value] of Object.entries(typed)) {
        await expect(page.getByLabel(label, { exact: true })).toHaveValue(value);
      }
    }
    await expectAccessible(page);
    await page.unroute(call);
    await page.getByRole("button", { name: send }).click();
    await expect(page.getByRole("alert")).toBeHidden();
  });
}

test("a role that may not see a screen is told so, and led there by nothing", async ({
  page,
  account,
  request,
}) => {
  const answer = await request.post("/v1/members", {
    headers: { Authorization: `Bearer ${account.token}` },
    data: { email: `viewer.${Date.now()}@example.com`, role: "viewer" },
  });
  const { email, temporary_password: password } = (await answer.json()) as Record<string, string>;
  await page.context().clearCookies();
  await page.goto("/sign-in?next=/usage");
  await page.getByLabel("E-mail").fill(email ?? "");
  await page.getByLabel("Password", { exact: true }).fill(password ?? "");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Usage and cost" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Audit log" })).toHaveCount(0);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Command" }).fill("audit");
  await expect(page.getByText("Nothing is called that.")).toBeVisible();
  await page.goto("/audit");
  await expect(page.getByRole("heading", { name: "You may not see this" })).toBeVisible();
  await expect(page.getByText(/This needs the role owner/)).toBeVisible();
  await expectAccessible(page);
});

test("a document that is gone has a face", async ({ page, account }) => {
  expect(account.token).toBeTruthy();
  await page.goto(`/documents/${crypto.randomUUID()}`);
  await expect(page.getByRole("heading", { name: "Not found" })).toBeVisible();
  await expectAccessible(page);
});
