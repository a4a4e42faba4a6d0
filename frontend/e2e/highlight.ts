import type { Locator, Page } from "@playwright/test";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "./support";

const PYTHON = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));
const WORDS_UNDER = fileURLToPath(new URL("words_under.py", import.meta.url));

interface Shown {
  /** Where the API says that the words are. */
  boxes: readonly (readonly [number, number, number, number])[];
  /** Where the page shows them, each as fractions of the picture. */
  marks: [number, number, number, number][];
  page: number;
}

/** Opens a place by `act`; waits for its words to be marked, and tells where they are. */
export async function openedBy(page: Page, act: () => Promise<void>): Promise<Shown> {
  const asked = page.waitForResponse((answer) => answer.url().includes("/boxes?"));
  await act();
  const answer = await asked;
  const { boxes } = (await answer.json()) as Pick<Shown, "boxes">;
  const number = Number(/\/pages\/(\d+)\/boxes/.exec(answer.url())?.[1]);
  await expect(page.locator("[data-highlight]")).toHaveCount(boxes.length);
  await expect(page.locator("[data-highlight]").first()).toBeInViewport();
  return { boxes, marks: await marksOf(page, number), page: number };
}

async function marksOf(page: Page, number: number): Promise<Shown["marks"]> {
  const picture = await boxOf(page.getByRole("img", { name: `Page ${number}`, exact: true }));
  const marks = await page.locator("[data-highlight]").all();
  return Promise.all(
    marks.map(async (mark) => {
      const { x, y, width, height } = await boxOf(mark);
      const left = (x - picture.x) / picture.width;
      const top = (y - picture.y) / picture.height;
      return [left, top, left + width / picture.width, top + height / picture.height];
    }),
  );
}

async function boxOf(element: Locator) {
  const box = await element.boundingBox();
  if (!box) throw new Error("It is not on the page");
  return box;
}

/** The marks lie where the API says, on the quoted words, and are to be seen there. */
export async function expectMarked(page: Page, shown: Shown, file: string, quote: string) {
  for (const [at, mark] of shown.marks.entries()) {
    for (const [side, value] of mark.entries()) {
      // Within a pixel of some hundred.
      expect(Math.abs(value - (shown.boxes[at]?.[side] ?? 0))).toBeLessThan(0.003);
    }
  }
  expect(await wordsUnder(file, shown)).toBe(plain(quote));
  for (const { gold, ink, left, right } of await paintUnder(page)) {
    expect(gold, "share of the mark that is gold").toBeGreaterThan(0.4);
    expect(ink, "share of the mark that is print").toBeGreaterThan(0.03);
    // The print begins and ends where the mark does.
    expect(left, "pixels before the print").toBeLessThan(5);
    expect(right, "pixels behind the print").toBeLessThan(5);
  }
}

const plain = (text: string) => text.replace(/\s+/g, " ").trim();

/** What the file has there, by another way than the API's. */
async function wordsUnder(file: string, { page, marks }: Shown): Promise<string> {
  const args = [WORDS_UNDER, file, String(page), JSON.stringify(marks)];
  const { stdout } = await promisify(execFile)(PYTHON, args);
  return JSON.parse(stdout) as string;
}

interface Paint {
  gold: number;
  ink: number;
  left: number;
  right: number;
}

/** What the screen shows under each mark. */
async function paintUnder(page: Page): Promise<Paint[]> {
  const boxes = await Promise.all((await page.locator("[data-highlight]").all()).map(boxOf));
  const picture = (await page.screenshot()).toString("base64");
  return page.evaluate(
    async ({ picture: encoded, boxes: all }) => {
      const bytes = Uint8Array.from(atob(encoded), (each) => each.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      if (!context) throw new Error("There is no canvas");
      context.drawImage(bitmap, 0, 0);
      return all.map(({ x, y, width, height }) => {
        const [w, h] = [Math.floor(width), Math.floor(height)];
        const { data } = context.getImageData(Math.ceil(x), Math.ceil(y), w, h);
        let [gold, ink, first, last] = [0, 0, w, 0];
        for (let at = 0; at < w * h; at += 1) {
          const [red = 0, green = 0, blue = 0] = data.subarray(at * 4, at * 4 + 3);
          if (red > 200 && red - blue > 30) gold += 1;
          if (red + green + blue < 380) {
            ink += 1;
            first = Math.min(first, at % w);
            last = Math.max(last, at % w);
          }
        }
        return { gold: gold / (w * h), ink: ink / (w * h), left: first, right: w - 1 - last };
      });
    },
    { picture, boxes },
  );
}
