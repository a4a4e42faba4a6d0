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

test("a document by itself leads back to the library, and asks for no picture that there is not", async ({
  page,
  account,
  request,
}) => {
  const [notes = ""] = await upload(request, account, [
    { name: "notes.txt", content: "The well was dug in 1931." },
  ]);
  const asked: string[] = [];
  page.on("request", (each) => asked.push(new URL(each.url()).pathname));
  await page.goto(`/documents/${notes}?page=1&start=0&end=8`);
  await expect(page.locator("mark")).toHaveText("The well");
  expect(asked.filter((path) => path.endsWith("/image"))).toEqual([]);
  const sidebar = page.getByRole("navigation", { name: "Main" });
  await expect(sidebar.getByRole("link", { name: "Library" })).toHaveAttribute(
    "aria-current",
    "true",
  );
  await page.getByRole("main").getByRole("link", { name: "Library" }).click();
  await expect(page.getByRole("row", { name: /notes\.txt/ })).toBeVisible();

  await page.goto(`/documents/${crypto.randomUUID()}`);
  await expect(page.getByRole("heading", { name: "Not found" })).toBeVisible();
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
  await expect(page.getByRole("main").getByRole("link", { name: "Library" })).toBeVisible();
});

test("the command palette finds documents by name", async ({ page, account, request }) => {
  await upload(request, account, [
    { name: "notes of the well.txt", content: "The well was dug in 1931." },
    { name: "minutes.txt", content: "Nobody came." },
  ]);
  await page.goto("/library");
  await expect(page.getByRole("row", { name: /minutes/ })).toBeVisible();
  await page.keyboard.press("Control+k");
  const box = page.getByRole("combobox", { name: "Command" });
  await box.fill("well");
  await expect(page.getByRole("option")).toHaveText([/^notes of the well\.txt/]);
  await expectAccessibleOnAll(page);
  await box.fill("no such thing");
  await expect(page.getByText("Nothing is called that.")).toBeVisible();
  await box.fill("minutes");
  await expect(page.getByRole("option", { name: "minutes.txt" })).toBeVisible();
  await box.press("Enter");
  await expect(page.getByRole("heading", { name: "minutes.txt", level: 1 })).toBeVisible();
  await expect(page.getByText("Nobody came.")).toBeVisible();
});
