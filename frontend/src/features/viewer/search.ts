/** What of a document is shown, in the address. */
export interface ViewerSearch {
  page?: number | undefined;
  start?: number | undefined;
  end?: number | undefined;
}

// Each parameter is named though it may be undefined: the router keeps what is left out as it came.
export function viewerSearch(search: Record<string, unknown>): ViewerSearch {
  const start = whole(search.start, 0);
  const end = whole(search.end, 1);
  const isSpan = start !== undefined && end !== undefined && end > start;
  return {
    page: whole(search.page, 1),
    start: isSpan ? start : undefined,
    end: isSpan ? end : undefined,
  };
}

function whole(value: unknown, least: number): number | undefined {
  const number = Number(value ?? Number.NaN);
  return Number.isSafeInteger(number) && number >= least ? number : undefined;
}
