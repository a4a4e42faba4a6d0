import { KINDS, STATUSES, type Kind, type Status } from "./names";

/** Which analyses are listed, in the address. */
export interface AnalysesSearch {
  kind?: Kind;
  state?: Status;
}

export function analysesSearch(search: Record<string, unknown>): AnalysesSearch {
  const kind = KINDS.find((each) => each === search.kind);
  const status = STATUSES.find((each) => each === search.state);
  return { ...(kind && { kind }), ...(status && { state: status }) };
}
