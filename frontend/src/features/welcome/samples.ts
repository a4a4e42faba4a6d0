/** Documents of a company that does not exist, written for a first look; see `scripts/make-samples.js`. */
export const SAMPLES = [
  {
    path: "letter.pdf",
    name: "Letter to shareholders, Q3 2025.pdf",
    about: "Quarterly letter, 2 pages",
    question: "How much would a stop of Line 2 cost a day?",
  },
  {
    path: "agreement.docx",
    name: "Supply agreement.docx",
    about: "Contract",
    question: "How much notice must the supplier give?",
  },
  {
    path: "inspection.md",
    name: "Inspection report, Line 2.md",
    about: "Safety inspection",
    question: "When is the second inspection due?",
  },
  {
    path: "expenses.csv",
    name: "Travel expenses, September 2025.csv",
    about: "Expense list",
    question: "How much was Maya Lindqvist's hotel in Toronto?",
  },
] as const;

/** Questions that the samples among these documents answer. */
export function sampleQuestions(documents: readonly { name: string }[]): string[] {
  const names = new Set(documents.map(({ name }) => name));
  return SAMPLES.filter(({ name }) => names.has(name)).map(({ question }) => question);
}

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
