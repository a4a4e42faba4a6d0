import { subscribeSession, getSession } from "@/api/session";
import { createStore, useStore } from "@/lib/store";

/** A place in a document; `start` and `end` count code points of the page's text. */
export interface Evidence {
  documentId: string;
  page: number;
  start?: number | undefined;
  end?: number | undefined;
  quote?: string | undefined;
}

export const evidence = createStore<Evidence | null>(null);

/** Shows the place beside the page, or over it on a narrow screen. */
export function openEvidence(place: Evidence): void {
  evidence.set(place);
}

/** The place that is shown; the same object that was opened. */
export function useEvidence(): Evidence | null {
  return useStore(evidence);
}

export function closeEvidence(): void {
  evidence.set(null);
}

subscribeSession(() => {
  if (getSession().status === "signed-out") closeEvidence();
});
