import type { APIRequestContext } from "@playwright/test";
import {
  call,
  expect,
  expectAccessible,
  expectAccessibleOnAll,
  expectInReach,
  test,
  type Account,
} from "./support";

const ANDROID = "Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0";

async function logInAs(agent: string, request: APIRequestContext, { email, password }: Account) {
  const answer = await request.post("/v1/auth/login", {
    headers: { "User-Agent": agent },
    data: { email, password },
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

test("sessions are told by their browsers, and all others end at once", async ({
  page,
  account,
  request,
}) => {
  const phone = await logInAs(ANDROID, request, account);
  await logInAs("curl/8.5.0", request, account);
  await page.goto("/settings?tab=sessions");
  const here = page.getByRole("row", { name: /This session/ });
  await expect(here).toContainText("Chrome on Linux");
  await expect(here.getByRole("button", { name: "End" })).toHaveCount(0);
  const elsewhere = page.getByRole("row", { name: /Firefox on Android/ });
  await expect(elsewhere.getByText(ANDROID)).toBeHidden();
  await elsewhere.getByText("As it names itself").click();
  await expect(elsewhere.getByText(ANDROID)).toBeVisible();
  await expect(page.getByRole("row", { name: /^curl/ })).toBeVisible();
  await expectAccessibleOnAll(page);

  await page.getByRole("button", { name: "End all other sessions" }).click();
  const dialog = page.getByRole("dialog");
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(elsewhere).toBeVisible();
  await page.getByRole("button", { name: "End all other sessions" }).click();
  await dialog.getByRole("button", { name: "End all other sessions" }).click();
  await expect(page.getByText("All other sessions were ended")).toBeVisible();
  await expect(elsewhere).toHaveCount(0);
  await expect(here).toBeVisible();
  await expect(page.getByRole("button", { name: "End all other sessions" })).toHaveCount(0);
  const refused = await request.get("/v1/me", { headers: { Authorization: `Bearer ${phone}` } });
  expect(refused.status()).toBe(401);

  await page.getByRole("link", { name: "Audit log" }).click();
  await expect(page.getByText("All other sessions of a person were ended").last()).toBeVisible();
});

test("on a phone every list of the settings has its facts and deeds in reach", async ({
  page,
  account,
  request,
}) => {
  const long = `${"a".repeat(50)}.${Date.now()}@example.com`;
  await call(request, account, "POST", "/v1/members", { email: long, role: "member" });
  await call(request, account, "POST", "/v1/api-keys", { name: "nightly import of the invoices" });
  const url = "https://hooks.invalid/assay/a/rather/long/way/to/the/program";
  await call(request, account, "POST", "/v1/webhooks", { url, description: "Our warehouse" });
  await logInAs(ANDROID, request, account);
  await page.setViewportSize({ width: 390, height: 844 });
  for (const [tab, table, fact] of [
    ["members", "Members", /Since\s*\w/],
    ["api-keys", "API keys", /Last used\s*never/],
    ["webhooks", "Webhooks", /Events\s*analysis/],
    ["sessions", "Sessions", /Ends\s*\w/],
  ] as const) {
    await page.goto(`/settings?tab=${tab}`);
    const row = page.getByRole("region", { name: table, exact: true }).getByRole("row").last();
    await expect(row).toContainText(fact);
    await expectAccessible(page);
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 844 });
      await expectInReach(page, table);
      for (const each of await page.getByRole("tab").all()) {
        await expect(each).toBeInViewport({ ratio: 1 });
      }
    }
  }
  await page.goto("/settings?tab=webhooks");
  await page.getByRole("button", { name: /^Actions for/ }).click();
  await page.getByRole("menuitem", { name: "Change" }).click();
  await expect(page.getByLabel("Description")).toHaveValue("Our warehouse");
  await page.goto("/audit");
  await expect(page.getByRole("region", { name: "Events" })).toBeVisible();
  await expectInReach(page, "Events");
  await expectAccessible(page);
});
