export interface SignInSearch {
  /** Where the person wanted to go. */
  next?: string | undefined;
}

export function signInSearch(search: Record<string, unknown>): SignInSearch {
  return {
    next: typeof search.next === "string" && isLocal(search.next) ? search.next : undefined,
  };
}

export function nextPath({ next }: SignInSearch): string {
  return next !== undefined && isLocal(next) ? next : "/";
}

/** A path of this application: a link must not lead a signed-in person to another site. */
function isLocal(path: string): boolean {
  if (!/^\/(?![/\\])/.test(path) || !URL.canParse(path, location.origin)) return false;
  return new URL(path, location.origin).origin === location.origin;
}
