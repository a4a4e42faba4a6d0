export const MODES = ["hybrid", "dense", "lexical"] as const;
export type Mode = (typeof MODES)[number];

/** What is looked for, and where; kept in the address, so that it can be sent and come back to. */
export interface SearchSearch {
  q?: string | undefined;
  collection?: string | undefined;
  mode?: Mode | undefined;
}

// Each parameter is named though it may be undefined: the router keeps what is left out as it came.
export function searchSearch(search: Record<string, unknown>): SearchSearch {
  return {
    q: text(search.q),
    collection: text(search.collection),
    mode: MODES.find((each) => each === search.mode),
  };
}

/** The router reads `?q=2024` as a number. */
function text(value: unknown): string | undefined {
  const words = typeof value === "number" ? String(value) : value;
  return typeof words === "string" && words !== "" ? words : undefined;
}
