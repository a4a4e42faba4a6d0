import { problemFrom, Problem, unreachable } from "@/api/problem";
import type { components } from "@/api/schema";
import type { Tenant, User } from "@/api/types";
import { createStore, useStore } from "@/lib/store";

type Tokens = components["schemas"]["TokenResponse"];
type Credentials = components["schemas"]["LoginRequest"];
type NewWorkspace = components["schemas"]["SignupRequest"];

export interface Identity {
  user: User;
  tenant: Tenant;
}

/**
 * `expired`: the session ended while its page was open. Calls wait until the person has signed in
 * again over the page, or leaves it.
 */
export type Session =
  { status: "unknown" | "signed-out" } | { status: "signed-in" | "expired"; identity: Identity };

/** Tells a browser's first visit from a later one, which may have a refresh cookie. No secret. */
const HINT = "assay.returning";
/** Refreshed this long before its end, so that calls seldom meet a 401. */
const MARGIN_MS = 30_000;

const session = createStore<Session>({ status: "unknown" });
const channel = new BroadcastChannel("assay.session");

// In memory alone: what a script could read from storage, a hostile one could take along.
let token: { value: string; staleAt: number } | null = null;
let refreshing: Promise<string> | null = null;
/** How often somebody left: what was asked for before signs nobody in again. */
let departures = 0;
let waiting: { resolve: (token: string) => void; reject: (error: Problem) => void }[] = [];

export function useSession(): Session {
  return useStore(session);
}

export const getSession = session.get;
export const subscribeSession = session.subscribe;

/** Takes up the session of an earlier visit, if there is one. Called once, before the first page. */
export async function restoreSession(): Promise<void> {
  try {
    if (hinted()) await refresh();
    else session.set({ status: "signed-out" });
  } catch {
    session.set({ status: "signed-out" });
  }
}

export async function logIn(credentials: Credentials): Promise<void> {
  accept(await post<Tokens>("/v1/auth/login", credentials));
  channel.postMessage("changed");
}

export async function signUp(workspace: NewWorkspace): Promise<void> {
  accept(await post<Tokens>("/v1/signup", workspace));
  channel.postMessage("changed");
}

export async function logOut(): Promise<void> {
  const held = token;
  leave();
  channel.postMessage("left");
  // The page forgets at once; whether the server heard it does not keep the person here.
  if (held) await post("/v1/auth/logout", null, held.value).catch(() => undefined);
}

/** A token for a call, waiting for a refresh or a new log-in where one is needed. */
export async function accessToken(): Promise<string> {
  // The cookie may still be good while the server has not heard of it.
  if (session.get().status === "signed-out") throw ended();
  if (session.get().status === "expired") return reauthenticated();
  if (token && Date.now() < token.staleAt) return token.value;
  return refresh();
}

/** A token other than `refused`, which the server no longer takes. */
export async function tokenAfter(refused: string): Promise<string> {
  if (token && token.value !== refused) return accessToken();
  token = null;
  return accessToken();
}

function reauthenticated(): Promise<string> {
  return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
}

/** One refresh at a time, over all tabs: a refresh token is good for one use. */
function refresh(): Promise<string> {
  const before = departures;
  refreshing ??= alone(() => exchange(before)).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function exchange(before: number): Promise<string> {
  try {
    const tokens = await post<Tokens>("/v1/auth/refresh", null);
    if (departures !== before) throw ended();
    return accept(tokens);
  } catch (error) {
    if (departures !== before) throw error;
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    const now = session.get();
    token = null;
    if (now.status !== "signed-in" && now.status !== "expired") throw error;
    session.set({ status: "expired", identity: now.identity });
    return reauthenticated();
  }
}

async function alone<Result>(act: () => Promise<Result>): Promise<Result> {
  // Absent on plain http from another machine; there two tabs may end their session at worst.
  const locks = navigator.locks as LockManager | undefined;
  return locks ? locks.request("assay.refresh", act) : act();
}

function accept(tokens: Tokens): string {
  const before = session.get();
  const identity = { user: tokens.user, tenant: tokens.tenant };
  token = {
    value: tokens.access_token,
    staleAt: Date.now() + Math.max(5_000, tokens.expires_in * 1000 - MARGIN_MS),
  };
  hint(true);
  if ("identity" in before && before.identity.user.id !== identity.user.id) {
    // Somebody else, here or in another tab: nothing of the former may stay on the page.
    for (const call of waiting.splice(0)) call.reject(ended());
    location.reload();
  }
  session.set({ status: "signed-in", identity });
  for (const call of waiting.splice(0)) call.resolve(token.value);
  return token.value;
}

function leave(): void {
  departures += 1;
  token = null;
  hint(false);
  forget();
  session.set({ status: "signed-out" });
  for (const call of waiting.splice(0)) call.reject(ended());
  waiting = [];
}

channel.onmessage = ({ data }) => {
  if (data === "left") leave();
  // Another tab signed in: the cookie is theirs now, so what this tab holds may be somebody else's.
  if (data === "changed" && session.get().status !== "unknown")
    void refresh().catch(() => undefined);
};

function ended(): Problem {
  return new Problem({
    status: 401,
    code: "unauthenticated",
    title: "Signed out",
    detail: "The session has ended. Sign in again.",
  });
}

async function post<Result>(path: string, body: unknown, bearer?: string): Promise<Result> {
  const headers: Record<string, string> = { "X-Assay-Client": "web" };
  if (body !== null) headers["Content-Type"] = "application/json";
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  // `keepalive`: it outlives its page. An answer that got lost would leave the cookie spent.
  const sent: RequestInit = { method: "POST", headers, keepalive: true };
  if (body !== null) sent.body = JSON.stringify(body);
  const response = await fetch(path, sent).catch(() => {
    throw unreachable();
  });
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemFrom(response, answer);
  return answer as Result;
}

function hinted(): boolean {
  try {
    return localStorage.getItem(HINT) === "yes";
  } catch {
    return true;
  }
}

function hint(returning: boolean): void {
  try {
    if (returning) localStorage.setItem(HINT, "yes");
    else localStorage.removeItem(HINT);
  } catch {
    // Without storage every visit asks the server.
  }
}

/** What a feature keeps for its tab is the person's who leaves. */
function forget(): void {
  try {
    sessionStorage.clear();
  } catch {
    // Then nothing was kept either.
  }
}
