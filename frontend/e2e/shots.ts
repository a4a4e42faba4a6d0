import { expect, type Page } from "@playwright/test";
import { fileURLToPath } from "node:url";
import { violations } from "./support";

const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
] as const;

/** Takes a picture of the page for the documentation: `docs/images/NAME.png`. */
export async function shoot(page: Page, name: string): Promise<void> {
  await picture(page, `docs/images/${name}`);
}

/** The page as it is, light and dark, wide and narrow, to be looked at: `build/screenshots`. */
export async function look(page: Page, name: string): Promise<void> {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const picked = `${name}-${size.width}-${colorScheme}`;
      await picture(page, `build/screenshots/${picked}`);
      // Here as well, since every screen in every state comes by.
      expect.soft(await violations(page), `accessibility of ${picked}`).toEqual([]);
    }
  }
  await page.setViewportSize(SIZES[0]);
  await page.emulateMedia({ colorScheme: "light" });
}

/** Each screen at its address, once it has its heading and fetches no more. */
export async function lookAt(page: Page, screens: Record<string, string>): Promise<void> {
  for (const [name, path] of Object.entries(screens)) {
    await page.goto(path);
    // What lies over the page hides its heading from all but the eye.
    await page.locator("h1").first().waitFor({ state: "attached" });
    await expect(page.locator("[class*=animate-breathe]")).toHaveCount(0);
    await look(page, name);
  }
}

async function picture(page: Page, file: string): Promise<void> {
  // The theme is taken by the next frame at the earliest; a picture of the one before shows the other.
  await page.evaluate(async () => {
    await document.fonts.ready;
    for (let frames = 0; frames < 3; frames += 1) await new Promise(requestAnimationFrame);
  });
  const path = fileURLToPath(new URL(`../../${file}.png`, import.meta.url));
  await page.screenshot({ path, animations: "disabled", caret: "hide" });
}
