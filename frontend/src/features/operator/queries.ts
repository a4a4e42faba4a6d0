import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { call } from "@/api/client";
import { Problem } from "@/api/problem";
import { every } from "@/api/query-client";
import type { components } from "@/api/schema";
import { operatorApi } from "./key";

type Schemas = components["schemas"];
export type Account = Schemas["TenantAccount"];
export type Limits = Account["limits"];
export type TenantUsage = Schemas["TenantUsage"];
export type Report = Schemas["BillReport"];
export type Part = Schemas["Part"];
export type QueueReport = Schemas["QueueReport"];
/** Without its other figures when the database is away, which alone knows operators. */
export type State = Pick<Schemas["Topology"], "status" | "parts"> & Partial<Schemas["Topology"]>;

/** The beginning of every key of what an operator fetched. */
export const OPERATOR = ["operator"];
const DAY_MS = 86_400_000;

export function useBill(days: number) {
  return useQuery({
    queryKey: [...OPERATOR, "usage", days],
    queryFn: ({ signal }) => {
      const from = new Date(Date.now() - days * DAY_MS).toISOString();
      return call(operatorApi.GET("/v1/admin/usage", { signal, params: { query: { from } } }));
    },
    placeholderData: keepPreviousData,
    refetchInterval: every(60_000),
  });
}

export function tenantKey(id: string): string[] {
  return [...OPERATOR, "tenant", id];
}

export function useTenant(id: string) {
  return useQuery({
    queryKey: tenantKey(id),
    queryFn: ({ signal }) =>
      call(
        operatorApi.GET("/v1/admin/tenants/{tenant_id}", {
          signal,
          params: { path: { tenant_id: id } },
        }),
      ),
  });
}

export function usePartsState() {
  return useQuery({
    queryKey: [...OPERATOR, "state"],
    queryFn: ({ signal }) => state(signal),
    refetchInterval: 5_000,
    retry: false,
  });
}

async function state(signal: AbortSignal): Promise<State> {
  try {
    return await call(operatorApi.GET("/v1/admin/topology", { signal }));
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 503) throw error;
    const readiness = await fetch("/ready", { signal })
      .then((answer) => answer.json() as Promise<Schemas["Readiness"]>)
      .catch(() => null);
    if (!readiness) throw error;
    return readiness;
  }
}

export function useQueue(days: number) {
  return useQuery({
    queryKey: [...OPERATOR, "queue", days],
    queryFn: ({ signal }) =>
      call(operatorApi.GET("/v1/admin/queue", { signal, params: { query: { days } } })),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });
}
