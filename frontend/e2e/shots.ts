import type { Page } from "@playwright/test";
import { fileURLToPath } from "node:url";

/** Takes a picture of the page for the documentation: `docs/images/NAME.png`. */
export async function shoot(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  const path = fileURLToPath(new URL(`../../docs/images/${name}.png`, import.meta.url));
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
}

/** Every screen, light and dark, wide and narrow, to be looked at: `build/screenshots`. */
export async function shootAll(page: Page, screens: Record<string, string>): Promise<void> {
  for (const [name, path] of Object.entries(screens)) {
    await page.goto(path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.waitForTimeout(700);
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const file = `../../build/screenshots/${name}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: fileURLToPath(new URL(file, import.meta.url)) });
      }
    }
  }
}
