import { call, enter, expect, sample, test, upload, uploadSamples } from "./support";
import { shoot } from "./shots";

test("the first run", async ({ page }) => {
  await enter(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto("/library");
  await expect(page.getByRole("heading", { name: "Begin with a document" })).toBeVisible();
  await shoot(page, "welcome");
});

test("the library", async ({ page, request }) => {
  const account = await enter(page);
  for (const name of ["Contracts", "Board papers"]) {
    await call(request, account, "POST", "/v1/collections", { name });
  }
  await upload(request, account, [
    { name: "Scan of the lease.pdf", content: "%PDF-1.7\nnothing that a reader knows" },
  ]);
  await uploadSamples(request, account);
  await page.goto("/library");
  await expect(page.getByRole("row")).toHaveCount(6);
  await expect(page.getByRole("heading", { name: "Ask the samples" })).toBeVisible();
  await page.getByRole("link", { name: "Contracts 0" }).click();
  await page.getByLabel("Files to upload").first().setInputFiles(sample("agreement.docx"));
  await expect(page.getByRole("region", { name: "Uploads" }).getByText("Ready")).toBeVisible({
    timeout: 60_000,
  });
  await page.getByRole("link", { name: "All documents" }).click();
  await expect(page.getByRole("row")).toHaveCount(7);
  await page.mouse.move(0, 0);
  await shoot(page, "library");
});
