import { expect, expectAccessible, expectAccessibleOnAll, test } from "./support";

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

  // No name ends in .invalid: what is sent there fails, and leaves no machine.
  await url.fill("https://hooks.invalid/assay");
  await page.getByRole("button", { name: "Add the webhook" }).click();
  await expect(page.getByLabel("Webhook secret")).toHaveText(/^whsec_\S{20,}/);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Done" }).click();

  const hooks = page.getByRole("region", { name: "Webhooks" });
  await expect(hooks.getByText("https://hooks.invalid/assay")).toBeVisible();
  await hooks.getByRole("button", { name: "Deliveries" }).click();
  await expect(page.getByText("Nothing was sent yet.")).toBeVisible();
  await page.getByRole("button", { name: "Send a test" }).click();
  await expect(page.getByText(/Attempts: \d+; \S/)).toBeVisible();
  await expectAccessibleOnAll(page);
  await page.getByRole("button", { name: "Close", exact: true }).last().click();
  await expectAccessibleOnAll(page);

  await hooks.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete the webhook" }).click();
  await expect(page.getByText("No webhooks")).toBeVisible();
});
