import { readFile } from "node:fs/promises";
import { expect, expectAccessible, expectAccessibleOnAll, sample, test, upload } from "./support";

test("a document by itself is accessible, as a picture and as text, and near on a phone", async ({
  page,
  account,
  request,
}) => {
  const names = ["letter.pdf", "agreement.docx"];
  const files = names.map(async (name) => ({ name, content: await readFile(sample(name)) }));
  const [letter = "", agreement = ""] = await upload(request, account, await Promise.all(files));
  await page.goto(`/documents/${letter}`);
  await expect(page.getByRole("heading", { name: "letter.pdf", level: 1 })).toBeVisible();
  await expect(page.getByRole("img", { name: "Page 1" })).toBeVisible();
  await expectAccessibleOnAll(page);
  await page.getByRole("button", { name: "Show the text" }).click();
  await expect(page.getByRole("button", { name: "Show the picture" })).toBeVisible();
  await expectAccessibleOnAll(page);

  await page.goto(`/documents/${agreement}?page=1&start=10&end=60`);
  await expect(page.locator("mark")).toBeInViewport();
  await expectAccessibleOnAll(page);

  const damaged = { name: "damaged.pdf", content: "%PDF-1.7\nnothing that a reader knows" };
  const [broken = ""] = await upload(request, account, [damaged]);
  await page.goto(`/documents/${broken}`);
  await expect(page.getByRole("heading", { name: "It could not be read" })).toBeVisible();
  await expect(page.getByText(/The file is damaged/)).toBeVisible();
  await expectAccessibleOnAll(page);

  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`/documents/${letter}?page=1&start=200&end=260`);
  const marked = page.locator("[data-highlight]").first();
  await expect(marked).toBeInViewport();
  const picture = page.getByRole("img", { name: "Page 1" });
  expect((await picture.boundingBox())?.width).toBeGreaterThan(600);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Smaller" }).click();
  await page.getByRole("button", { name: "Smaller" }).click();
  await page.getByRole("button", { name: "Smaller" }).click();
  expect((await picture.boundingBox())?.width).toBeLessThan(390);
});
