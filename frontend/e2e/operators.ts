import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, type Page } from "@playwright/test";
import { ASSAY } from "./backend";

/** What whoever runs the service types at its machine. */
export async function operators(...words: string[]): Promise<string> {
  const env = { ...process.env, ASSAY_DATA_DIR: process.env.ASSAY_E2E_DATA };
  const { stdout } = await promisify(execFile)(ASSAY, ["operators", ...words], { env });
  return stdout.trim();
}

/** Opens the console at its list of tenants. */
export async function open(page: Page, key: string): Promise<void> {
  await page.goto("/operator");
  await page.getByLabel("Operator’s key").fill(key);
  await page.getByRole("button", { name: "Open the console" }).click();
  await expect(page.getByRole("heading", { name: "Tenants" })).toBeVisible();
}
