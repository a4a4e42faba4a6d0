import type { Page } from "@playwright/test";
import { fileURLToPath } from "node:url";

/** Takes a picture of the page for the documentation: `docs/images/NAME.png`. */
export async function shoot(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  const path = fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url));
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
}
