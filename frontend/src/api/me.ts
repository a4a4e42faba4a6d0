import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { useSession, type Session } from "@/api/session";
import type { Role } from "@/api/types";

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => call(api.GET("/v1/me", { signal })),
  staleTime: 5 * 60_000,
});

export function useMe() {
  return useQuery(meQuery);
}

const RANKS: readonly Role[] = ["viewer", "member", "admin", "owner"];

/** Whether the person may do what needs a role; the server decides in the end. */
export function useMay(role: Role): boolean {
  return may(useSession(), role);
}

export function may(session: Session, role: Role): boolean {
  if (!("identity" in session)) return false;
  return RANKS.indexOf(session.identity.user.role) >= RANKS.indexOf(role);
}
