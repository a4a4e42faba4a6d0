import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { RECEIVER } from "./backend";
import { call, expect, expectAccessible, expectAccessibleOnAll, test } from "./support";

// No name ends in .invalid: what is sent there fails, and leaves no machine.
const URL_OF = "https://hooks.invalid/assay";

async function choose(page: Page, deed: string): Promise<void> {
  await page.getByRole("button", { name: /^Actions for http/ }).click();
  await page.getByRole("menuitem", { name: deed }).click();
}

test("a webhook is added, tested and deleted", async ({ page, account }) => {
  expect(account.token).toBeTruthy();
  await page.goto("/settings?tab=webhooks");
  await expect(page.getByText("No webhooks")).toBeVisible();
  await expectAccessibleOnAll(page);
  await page.getByRole("button", { name: "Add a webhook" }).click();
  const url = page.getByLabel("URL", { exact: true });
  await url.fill("https://127.0.0.1/assay");
  await page.getByRole("button", { name: "Add the webhook" }).click();
  await expect(url).toHaveAttribute("aria-invalid", "true");
  await expect(url).toHaveValue("https://127.0.0.1/assay");
  await expectAccessible(page);

  await url.fill(URL_OF);
  await page.getByRole("button", { name: "Add the webhook" }).click();
  await expect(page.getByLabel("Webhook secret")).toHaveText(/^whsec_\S{20,}/);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Done" }).click();

  const hooks = page.getByRole("region", { name: "Webhooks" });
  await expect(hooks.getByText(URL_OF)).toBeVisible();
  await hooks.getByRole("button", { name: "Deliveries" }).click();
  await expect(page.getByText("Nothing was sent yet.")).toBeVisible();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText(/Attempts: \d+; \S/)).toBeVisible();
  await expectAccessibleOnAll(page);
  await page.getByRole("button", { name: "Close", exact: true }).last().click();
  await expectAccessibleOnAll(page);

  await choose(page, "Delete");
  await page.getByRole("button", { name: "Delete the webhook" }).click();
  await expect(page.getByText("No webhooks")).toBeVisible();
});

test("a webhook is changed, and nothing typed is lost to a refusal", async ({
  page,
  account,
  request,
}) => {
  await call(request, account, "POST", "/v1/webhooks", { url: URL_OF });
  await page.goto("/settings?tab=webhooks");
  await choose(page, "Change");
  const url = page.getByLabel("URL", { exact: true });
  const description = page.getByLabel("Description");
  await expect(url).toHaveValue(URL_OF);
  await url.fill("https://127.0.0.1/other");
  await description.fill("x".repeat(201));
  await page.getByLabel("Events").selectOption("analysis.failed");
  const save = page.getByRole("button", { name: "Save the changes" });
  await save.click();
  await expect(description).toHaveAttribute("aria-invalid", "true");
  await description.fill("Our data warehouse");
  await save.click();
  await expect(url).toHaveAttribute("aria-invalid", "true");
  await expect(url).toHaveValue("https://127.0.0.1/other");
  await expect(description).toHaveValue("Our data warehouse");
  await expectAccessibleOnAll(page);

  await url.fill("https://hooks.invalid/other");
  await page.route("**/v1/webhooks/*", (route) =>
    route.fulfill({
      status: 429,
      headers: { "Retry-After": "7" },
      contentType: "application/problem+json",
      body: JSON.stringify({ code: "rate_limited", title: "Too many", detail: "Too many." }),
    }),
  );
  await save.click();
  await expect(page.getByText(/Try again in \d s\./)).toBeVisible();
  await expect(url).toHaveValue("https://hooks.invalid/other");
  await page.unroute("**/v1/webhooks/*");
  await save.click();

  const hooks = page.getByRole("region", { name: "Webhooks" });
  await expect(hooks.getByText("https://hooks.invalid/other")).toBeVisible();
  await expect(hooks.getByText("Our data warehouse")).toBeVisible();
  await expect(hooks.getByText("analysis.completed")).toHaveCount(0);
  const { items } = await call(request, account, "GET", "/v1/webhooks");
  expect(items).toMatchObject([
    { url: "https://hooks.invalid/other", events: ["analysis.failed"], active: true },
  ]);
});

test("a webhook is switched off and on, and its secret is renewed", async ({
  page,
  account,
  request,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const made = await call(request, account, "POST", "/v1/webhooks", { url: URL_OF });
  await page.goto("/settings?tab=webhooks");
  const hooks = page.getByRole("region", { name: "Webhooks" });
  await choose(page, "Switch off");
  await expectAccessibleOnAll(page);
  await page.getByRole("button", { name: "Switch it off" }).click();
  await expect(hooks.getByText("off", { exact: true })).toBeVisible();

  await hooks.getByRole("button", { name: "Deliveries" }).click();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText("The webhook is switched off. Switch it on first.")).toBeVisible();
  await page.getByRole("button", { name: "Close", exact: true }).last().click();
  await choose(page, "Switch on");
  await page.getByRole("button", { name: "Switch it on" }).click();
  await expect(hooks.getByText("on", { exact: true })).toBeVisible();

  await choose(page, "Renew the secret");
  await expectAccessibleOnAll(page);
  await page.getByRole("button", { name: "Renew the secret" }).click();
  const secret = page.getByLabel("Webhook secret");
  await expect(secret).toHaveText(/^whsec_\S{20,}/);
  await expect(secret).not.toHaveText(String(made.secret));
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  await expect(secret).toHaveText(copied);
  await expectAccessibleOnAll(page);
  await page.getByRole("button", { name: "Done" }).click();
  await expect(secret).toHaveCount(0);
});

test("why Assay switched a webhook off is told, and it is switched on again", async ({
  page,
  account,
  request,
}) => {
  const told: string[] = [];
  const receiver = createServer((asked, answer) => {
    told.push(String(asked.headers["webhook-id"]));
    answer.writeHead(410).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, RECEIVER, resolve));
  const { port } = receiver.address() as AddressInfo;
  const url = `http://${RECEIVER}:${port}/assay`;
  const { id } = await call(request, account, "POST", "/v1/webhooks", { url });
  await page.goto("/settings?tab=webhooks");
  const hooks = page.getByRole("region", { name: "Webhooks" });
  await hooks.getByRole("button", { name: "Deliveries" }).click();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText("Attempts: 1; answered 410")).toBeVisible();
  expect(told).toHaveLength(1);
  await page.getByRole("button", { name: "Close", exact: true }).last().click();
  const why = "Assay switched it off: its URL answered 410";
  await expect(hooks.getByText(why)).toBeVisible();
  await expectAccessibleOnAll(page);
  await choose(page, "Switch on");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText(why)).toBeVisible();
  await expectAccessibleOnAll(page);
  await page.getByRole("button", { name: "Switch it on" }).click();
  await expect(hooks.getByText("on", { exact: true })).toBeVisible();
  await expect(hooks.getByText(why)).toHaveCount(0);
  expect(await call(request, account, "GET", `/v1/webhooks/${String(id)}`)).toMatchObject({
    active: true,
    disabled_reason: null,
  });
  receiver.close();
});
