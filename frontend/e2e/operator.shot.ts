import { call, enter, expect, test, upload } from "./support";
import { open, operators } from "./operators";
import { look } from "./shots";

test("the operator's console", async ({ page, request }) => {
  const account = await enter(page);
  const broken = "%PDF-1.7\nnothing that a reader knows";
  await upload(request, account, [{ name: "secret plans.pdf", content: broken }]);
  const { tenant } = (await call(request, account, "GET", "/v1/me")) as { tenant: { id: string } };
  const key = await operators("create", `pictures ${Date.now()}`);
  await page.goto("/operator");
  await expect(page.getByLabel("Operator’s key")).toBeVisible();
  await look(page, "operator-key");
  await open(page, key);
  await expect(page.getByRole("row").nth(1)).toBeVisible();
  await look(page, "operator-tenants");
  await page.getByRole("button", { name: "New tenant" }).click();
  await page.getByRole("button", { name: "Make the tenant" }).click();
  await look(page, "operator-new-tenant");
  await page.keyboard.press("Escape");
  await page.getByRole("searchbox").fill(tenant.id);
  await page.getByRole("link", { name: account.workspace, exact: true }).click();
  await expect(page.getByLabel("Requests a minute")).toBeVisible();
  await look(page, "operator-tenant");
  await page.getByRole("link", { name: "State" }).click();
  await expect(page.getByText("Everything is well")).toBeVisible();
  await expect(
    page.getByRole("region", { name: "What failed" }).getByRole("row").first(),
  ).toBeVisible();
  await look(page, "operator-state");
});
