export interface SignInSearch {
  /** Where the person wanted to go. */
  next?: string;
}

export function signInSearch(search: Record<string, unknown>): SignInSearch {
  return typeof search.next === "string" && isLocal(search.next) ? { next: search.next } : {};
}

export function nextPath(search: SignInSearch): string {
  return search.next ?? "/";
}

/** A path of this application: a link must not lead a signed-in person to another site. */
function isLocal(path: string): boolean {
  return /^\/(?![/\\])/.test(path) && new URL(path, location.origin).origin === location.origin;
}
