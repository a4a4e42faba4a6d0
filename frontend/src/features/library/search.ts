import type { DocumentStatus } from "@/api/types";

export const STATUSES: readonly DocumentStatus[] = ["queued", "processing", "ready", "failed"];

/** What of the library is shown; kept in the address, so that it can be sent and come back to. */
export interface LibrarySearch {
  q?: string;
  status?: DocumentStatus;
  collection?: string;
  /** The document whose details are open. */
  document?: string;
}

export function librarySearch(search: Record<string, unknown>): LibrarySearch {
  const status = STATUSES.find((each) => each === search.status);
  return {
    ...textOf(search, "q"),
    ...(status && { status }),
    ...textOf(search, "collection"),
    ...textOf(search, "document"),
  };
}

function textOf<Name extends string>(
  search: Record<string, unknown>,
  name: Name,
): Partial<Record<Name, string>> {
  const value = search[name];
  // The router reads `?q=2024` as a number.
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text !== ""
    ? ({ [name]: text } as Partial<Record<Name, string>>)
    : {};
}
