import type { Page } from "@playwright/test";
import config from "../playwright.config";
import { expect, expectAccessibleOnAll, sample, test } from "./support";

// Only a host that is not this machine's own is an insecure context.
const HOST = "assay.test";
const options = config.use?.launchOptions;
test.use({
  launchOptions: {
    ...options,
    args: [...(options?.args ?? []), `--host-resolver-rules=MAP ${HOST} 127.0.0.1`],
  },
});

/** Signs up over plain HTTP from another host, as in an office's own network. */
async function signUp(page: Page): Promise<void> {
  const url = new URL("/sign-up", process.env.ASSAY_URL);
  url.hostname = HOST;
  await page.goto(url.href);
  await page.getByLabel("Workspace").fill("Fernhill Springs");
  await page.getByLabel("E-mail").fill(`plain.${Date.now()}@example.com`);
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { name: "Library", exact: true })).toBeVisible();
  expect(await page.evaluate(() => [isSecureContext, "clipboard" in navigator])).toEqual([
    false,
    false,
  ]);
}

async function makeKey(page: Page): Promise<string> {
  await page.goto(new URL("/settings?tab=api-keys", page.url()).href);
  await page.getByRole("button", { name: "Make a key" }).click();
  const name = page.getByLabel("Name", { exact: true });
  await name.fill("nightly import");
  await page.getByRole("button", { name: "Make the key" }).click();
  return page.getByLabel("API key", { exact: true }).innerText();
}

test("without the browser's clipboard, a secret and an answer are copied all the same", async ({
  page,
}) => {
  await signUp(page);
  const secret = await makeKey(page);
  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Make a key" }).click();
  const name = page.getByLabel("Name", { exact: true });
  await name.focus();
  await page.keyboard.press("ControlOrMeta+V");
  await expect(name).toHaveValue(secret);
  await page.keyboard.press("Escape");

  await page.getByRole("link", { name: "Library" }).click();
  await page.getByLabel("Files to upload").first().setInputFiles(sample("agreement.docx"));
  await expect(page.getByRole("region", { name: "Uploads" }).getByText("Ready")).toBeVisible({
    timeout: 60_000,
  });
  await page.getByRole("link", { name: "Ask", exact: true }).click();
  const question = page.getByRole("textbox", { name: "Question" });
  await question.fill("How much notice must the supplier give?");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByText("Copied with its sources")).toBeVisible();
  await question.focus();
  await page.keyboard.press("ControlOrMeta+V");
  await expect(question).toHaveValue(/ninety days.*\[1\]\n\n\[1\] agreement\.docx, page 1: “/s);
});

test("where nothing may be copied, the secret is selected and the person told", async ({
  page,
}) => {
  await page.addInitScript(() => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- what is left without a secure context
    document.execCommand = () => false;
  });
  await signUp(page);
  const secret = await makeKey(page);
  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByText(/It is selected now: copy it with Ctrl\+C/)).toBeVisible();
  expect(await page.evaluate(() => getSelection()?.toString())).toBe(secret);
  await expectAccessibleOnAll(page);
});
