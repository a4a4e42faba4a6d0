/** `question` is asked at once; `document` and `collection` narrow where the answer is looked for. */
export interface AskSearch {
  question?: string;
  document?: string;
  collection?: string;
}

export function askSearch(search: Record<string, unknown>): AskSearch {
  const { question, document, collection } = search;
  return {
    // The router reads `?question=2024` as a number.
    ...((typeof question === "string" || typeof question === "number") &&
      question !== "" && { question: String(question) }),
    ...(typeof document === "string" && document !== "" && { document }),
    ...(typeof collection === "string" && collection !== "" && { collection }),
  };
}
