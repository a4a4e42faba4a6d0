/** What of a document is shown, in the address. */
export interface ViewerSearch {
  page?: number;
  start?: number;
  end?: number;
}

export function viewerSearch(search: Record<string, unknown>): ViewerSearch {
  const page = whole(search.page, 1);
  const start = whole(search.start, 0);
  const end = whole(search.end, 1);
  return {
    ...(page !== null && { page }),
    ...(start !== null && end !== null && end > start && { start, end }),
  };
}

function whole(value: unknown, least: number): number | null {
  const number = Number(value ?? Number.NaN);
  return Number.isSafeInteger(number) && number >= least ? number : null;
}
