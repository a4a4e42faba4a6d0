import { expect, expectAccessible, test } from "./support";

test("the palette and the shortcuts lead anywhere without a mouse", async ({ page, account }) => {
  expect(account.token).toBeTruthy();
  await page.goto("/library");
  await expect(page.getByRole("heading", { name: "Library" })).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();

  await page.keyboard.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Command" })).toBeFocused();
  await expectAccessible(page);
  await page.keyboard.type("dark");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("a narrow screen has everything, in a drawer", async ({ page, account }) => {
  expect(account.token).toBeTruthy();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto("/library");
  await expect(page.getByRole("heading", { name: "Begin with a document" })).toBeVisible();
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(await overflow()).toBe(0);
  await page.getByRole("button", { name: "Open the navigation" }).click();
  await expectAccessible(page);
  await page.setViewportSize({ width: 1280, height: 844 });
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByRole("navigation", { name: "Main" })).toHaveCount(1);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("dialog").getByRole("link", { name: "Library" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("while it waits, every screen is accessible", async ({ page, account }) => {
  expect(account.token).toBeTruthy();
  const waiting = /\/v1\/(documents|search|analyses|usage|audit|members)(\?|$)/;
  // Never answered.
  await page.route(waiting, () => undefined);
  for (const [path, name] of [
    ["/library", "Loading the documents"],
    ["/search?q=notice", "Searching"],
    ["/analyses", "Loading the analyses"],
    ["/usage", "Loading the usage"],
    ["/settings?tab=members", "Loading the members"],
    ["/audit", "Loading the events"],
  ] as const) {
    await page.goto(path);
    await expect(page.getByRole("status", { name })).toBeVisible();
    await expectAccessible(page);
  }
});
