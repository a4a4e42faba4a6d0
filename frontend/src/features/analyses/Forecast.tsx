import { skipToken, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, call } from "@/api/client";
import type { components } from "@/api/schema";
import { Notice } from "@/components/Notice";
import { Skeleton } from "@/components/Skeleton";
import { formatMoney, formatNumber, formatSeconds } from "@/lib/format";

type Body = components["schemas"]["AnalysisCreate"];
type Estimate = components["schemas"]["Estimate"];

/** What the question would take, asked anew when it has settled; null while it is incomplete. */
export function useEstimate(body: Body | null) {
  return useQuery({
    queryKey: ["analyses", "estimate", body],
    queryFn: body
      ? ({ signal }) => call(api.POST("/v1/analyses/estimate", { signal, body }))
      : skipToken,
    placeholderData: (before) => before,
  });
}

export function Forecast({ estimate }: { estimate: Estimate }) {
  const { documents, unready, seconds, cost_usd: cost, budget_left_usd: left } = estimate;
  const tokens = estimate.input_tokens + estimate.output_tokens;
  return (
    <>
      <dl className="grid gap-1.5">
        <Figure name="Documents" value={formatNumber(documents)} />
        <Figure name="Time" value={`about ${formatSeconds(Math.max(1, seconds))}`} />
        {tokens > 0 && <Figure name="Tokens" value={`about ${formatNumber(tokens)}`} />}
        <Figure name="Cost" value={cost > 0 ? `about ${formatMoney(cost)}` : "Nothing"} />
        {left !== null && <Figure name="Budget left" value={formatMoney(left)} />}
      </dl>
      {unready > 0 && (
        <p className="mt-2 text-sm text-muted">
          {formatNumber(unready)} of them {unready === 1 ? "is" : "are"} not read yet: the run waits
          for what is still being read and skips what cannot be read.
        </p>
      )}
      {left !== null && cost > left && (
        <Notice tone="warn" title="More than this month's budget has left" className="mt-3">
          <p>
            The run would pause when the budget is spent, and keep what it has found. Choose fewer
            documents, or see <BudgetLink />.
          </p>
        </Notice>
      )}
    </>
  );
}

export function BudgetLink() {
  return (
    <Link to="/usage" className="font-medium underline underline-offset-4">
      usage and budget
    </Link>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div className="flex justify-between gap-4">
      <dt className="text-muted">{name}</dt>
      <dd className="text-right tabular-nums">{value}</dd>
    </div>
  );
}

export function ForecastSkeleton() {
  return (
    <div role="status" aria-label="Estimating" className="grid gap-3 py-1">
      <Skeleton className="h-3 w-full" />
      <Skeleton className="h-3 w-4/5" />
      <Skeleton className="h-3 w-full" />
    </div>
  );
}
