import { textOf } from "@/lib/address";

/** `question` is asked at once; `document` and `collection` narrow where the answer is looked for. */
export interface AskSearch {
  question?: string | undefined;
  document?: string | undefined;
  collection?: string | undefined;
}

// Each parameter is named though it may be undefined: the router keeps what is left out as it came.
export function askSearch(search: Record<string, unknown>): AskSearch {
  return {
    question: textOf(search.question),
    document: textOf(search.document),
    collection: textOf(search.collection),
  };
}
