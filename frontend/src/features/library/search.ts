import type { DocumentStatus } from "@/api/types";
import { textOf } from "@/lib/address";

const STATUSES: readonly DocumentStatus[] = ["queued", "processing", "ready", "failed"];

/** What of the library is shown; kept in the address, so that it can be sent and come back to. */
export interface LibrarySearch {
  q?: string | undefined;
  status?: DocumentStatus | undefined;
  collection?: string | undefined;
  /** The document whose details are open. */
  document?: string | undefined;
}

// Each parameter is named though it may be undefined: the router keeps what is left out as it came.
export function librarySearch(search: Record<string, unknown>): LibrarySearch {
  return {
    q: textOf(search.q),
    status: STATUSES.find((each) => each === search.status),
    collection: textOf(search.collection),
    document: textOf(search.document),
  };
}
