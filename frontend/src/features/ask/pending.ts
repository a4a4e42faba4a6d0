import { getSession } from "@/api/session";

/** A question that got no answer, and what was said of one; the server keeps neither. */
export interface Pending {
  id: string;
  question: string;
  answer: string;
  /** Answered questions before it. */
  after: number;
}

/** Of one person: what was typed, and the questions without an answer by their conversation. */
export interface Unsent {
  draft: string;
  pending: Readonly<Record<string, readonly Pending[]>>;
}

/** In place of the conversation, while it has no address. */
export const FRESH = "";

const KEY = "assay.ask";

// For this tab and through a reload. Signing out clears it; another person's is left alone.
export function keep(unsent: Unsent): void {
  const user = userId();
  if (!user) return;
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ user, ...unsent }));
  } catch {
    // Storage is forbidden or full; it holds until the page is closed.
  }
}

export function kept(): Unsent | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null") as
      (Unsent & { user: string }) | null;
    return found?.user === userId() ? found : null;
  } catch {
    return null;
  }
}

function userId(): string | null {
  const session = getSession();
  return "identity" in session ? session.identity.user.id : null;
}
