import { textOf } from "@/lib/address";

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
    q: textOf(search.q),
    collection: textOf(search.collection),
    mode: MODES.find((each) => each === search.mode),
  };
}
