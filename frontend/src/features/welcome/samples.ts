/** Documents of a company that does not exist, written for a first look; see `scripts/make-samples.js`. */
export const SAMPLES = [
  {
    path: "letter.pdf",
    name: "Letter to shareholders, Q3 2025.pdf",
    about: "Quarterly letter, 2 pages",
  },
  { path: "agreement.docx", name: "Supply agreement.docx", about: "Contract" },
  { path: "inspection.md", name: "Inspection report, Line 2.md", about: "Safety inspection" },
  { path: "expenses.csv", name: "Travel expenses, September 2025.csv", about: "Expense list" },
] as const;

/** Fetches the samples as if the person had chosen them. */
export async function sampleFiles(): Promise<File[]> {
  return Promise.all(
    SAMPLES.map(async ({ path, name }) => {
      const response = await fetch(`/samples/${path}`);
      if (!response.ok) throw new Error(`The sample ${path} is missing`);
      return new File([await response.blob()], name);
    }),
  );
}
