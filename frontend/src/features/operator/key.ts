import createClient from "openapi-fetch";
import { problemFrom, Problem, unreachable } from "@/api/problem";
import type { paths } from "@/api/schema";
import { createStore, useStore } from "@/lib/store";

/**
 * Operators are nobody's members: they have a key instead of a session. It is held in memory alone,
 * so a reload asks for it again. `refused`: the server does not take it any more.
 */
export type Standing = { status: "locked" } | { status: "open" | "refused"; key: string };

const standing = createStore<Standing>({ status: "locked" });

export function useStanding(): Standing {
  return useStore(standing);
}

export function lock(): void {
  standing.set({ status: "locked" });
}

const REFUSED = {
  status: 403,
  code: "operator_only",
  title: "Not an operator's key",
  detail: "This key opens nothing. It may have been revoked.",
};

async function operatorFetch(request: Request): Promise<Response> {
  const held = standing.get();
  if (held.status !== "open") throw new Problem(REFUSED);
  const response = await send(request, held.key);
  if (response.status === 403) standing.set({ status: "refused", key: held.key });
  return response;
}

async function send(request: Request, key: string): Promise<Response> {
  request.headers.set("Authorization", `Bearer ${key}`);
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw unreachable();
  }
}

/** The operator's calls; wrap them in `call`. */
export const operatorApi = createClient<paths>({ baseUrl: location.origin, fetch: operatorFetch });

/**
 * Takes a key up when the server knows it.
 *
 * @throws Problem - it is none, or the server could not say.
 */
export async function unlock(given: string): Promise<void> {
  const key = given.trim();
  if (!/^assay_op_[\w-]+$/.test(key)) {
    throw new Problem({
      ...REFUSED,
      status: 422,
      fields: { key: "An operator’s key begins with assay_op_." },
    });
  }
  const request = new Request(new URL("/v1/admin/tenants?limit=1", location.origin));
  const response = await send(request, key);
  if (response.status === 403) throw new Problem(REFUSED);
  if (!response.ok) throw problemFrom(response, await response.json().catch(() => null));
  standing.set({ status: "open", key });
}
