import { KINDS, STATUSES, type Kind, type Status } from "./names";

/** Which analyses are listed, in the address. */
export interface AnalysesSearch {
  kind?: Kind | undefined;
  state?: Status | undefined;
}

// Each parameter is named though it may be undefined: the router keeps what is left out as it came.
export function analysesSearch(search: Record<string, unknown>): AnalysesSearch {
  return {
    kind: KINDS.find((each) => each === search.kind),
    state: STATUSES.find((each) => each === search.state),
  };
}
