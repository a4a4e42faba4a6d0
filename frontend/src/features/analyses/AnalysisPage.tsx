import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Download, Pause, Play, RotateCw, Square } from "lucide-react";
import { api, call } from "@/api/client";
import { useMay } from "@/api/me";
import { usePages } from "@/api/pages";
import type { components } from "@/api/schema";
import { Button } from "@/components/Button";
import { ErrorState } from "@/components/ErrorState";
import { MoreButton } from "@/components/MoreButton";
import { Notice } from "@/components/Notice";
import { Page } from "@/components/Page";
import { Progress } from "@/components/Progress";
import { SkeletonRows } from "@/components/Skeleton";
import { formatCount, formatMoney } from "@/lib/format";
import { saveAs } from "@/lib/save";
import { isLive, kindLabel, StatusBadge, type Analysis } from "./kinds";
import { ResultTable } from "./ResultTable";

type Deed = "pause" | "resume" | "cancel" | "retry";
type Format = "csv" | "xlsx";

export function AnalysisPage() {
  const { analysisId } = useParams({ from: "/inside/analyses/$analysisId" });
  const path = { analysis_id: analysisId };
  const client = useQueryClient();
  const may = useMay("member");
  const found = useQuery({
    queryKey: ["analyses", "one", analysisId],
    queryFn: ({ signal }) =>
      call(api.GET("/v1/analyses/{analysis_id}", { signal, params: { path } })),
    // Gently, and only while something changes by itself.
    refetchInterval: ({ state }) => (state.data && isLive(state.data.status) ? 2000 : false),
  });
  const acting = useMutation({
    meta: { quiet: true },
    mutationFn: (deed: Deed) =>
      call(api.POST(`/v1/analyses/{analysis_id}/${deed}`, { params: { path } })),
    onSuccess: () => client.invalidateQueries({ queryKey: ["analyses"] }),
  });
  const saving = useMutation({
    meta: { quiet: true },
    mutationFn: async (format: Format) => {
      const file = await call(
        api.GET("/v1/analyses/{analysis_id}/table", {
          params: { path, query: { format, evidence: format === "csv" } },
          parseAs: "blob",
        }),
      );
      return { file, format };
    },
    onSuccess: ({ file, format }) => saveAs(file, `${found.data?.name ?? "analysis"}.${format}`),
  });
  const analysis = found.data;
  if (found.error && !analysis) {
    return (
      <Page title="Analysis">
        <ErrorState error={found.error} onRetry={() => void found.refetch()} />
      </Page>
    );
  }
  if (!analysis) {
    return (
      <Page title="Analysis">
        <SkeletonRows label="Loading the analysis" />
      </Page>
    );
  }
  const { progress, status } = analysis;
  const over = !isLive(status) && status !== "paused";
  const deed = (name: Deed, label: string, icon: typeof Pause) => (
    <Button icon={icon} pending={acting.isPending} onClick={() => acting.mutate(name)}>
      {label}
    </Button>
  );
  const problem = acting.error ?? saving.error;
  return (
    <Page
      title={analysis.name}
      description={`${kindLabel(analysis.kind)} · ${formatMoney(analysis.usage.cost_usd)}`}
      actions={
        <>
          {may && isLive(status) && deed("pause", "Pause", Pause)}
          {may && status === "paused" && deed("resume", "Resume", Play)}
          {may && !over && deed("cancel", "Cancel", Square)}
          {may && over && progress.failed > 0 && deed("retry", "Try failed again", RotateCw)}
          {(["csv", "xlsx"] as const).map((format) => (
            <Button
              key={format}
              icon={Download}
              pending={saving.isPending}
              onClick={() => saving.mutate(format)}
            >
              {format.toUpperCase()}
            </Button>
          ))}
        </>
      }
    >
      {problem && <Notice tone="danger" problem={problem} className="mb-4" />}
      <div className="mb-6 grid gap-2">
        <div className="flex flex-wrap items-center gap-3">
          <StatusBadge status={status} />
          <span className="text-muted tabular-nums">
            {progress.done} of {formatCount(progress.total, "document")}
            {progress.failed > 0 && `, ${progress.failed} failed`}
            {progress.skipped > 0 && `, ${progress.skipped} skipped`}
          </span>
        </div>
        {!over && (
          <Progress
            label="Documents done"
            value={progress.total === 0 ? null : progress.done / progress.total}
          />
        )}
        {analysis.error && (
          <Notice tone={status === "failed" ? "danger" : "warn"}>{analysis.error.message}</Notice>
        )}
      </div>
      {progress.failed > 0 && <Failures analysis={analysis} />}
      <ResultTable analysis={analysis} />
    </Page>
  );
}

/** The documents that failed, each with why. */
function Failures({ analysis }: { analysis: Analysis }) {
  const failed = usePages<components["schemas"]["AnalysisDocument"]>(
    ["analyses", "failed", analysis.id, analysis.progress.failed],
    (cursor, signal) =>
      call(
        api.GET("/v1/analyses/{analysis_id}/documents", {
          signal,
          params: { path: { analysis_id: analysis.id }, query: { cursor, status: "failed" } },
        }),
      ),
  );
  return (
    <section aria-label="Failed documents" className="mb-6">
      <h2 className="mb-2 text-lg font-semibold">Failed documents</h2>
      {failed.error && <Notice tone="danger" problem={failed.error} />}
      <ul className="grid gap-1">
        {failed.items?.map((each) => (
          <li key={each.document_id}>
            <span className="font-medium">{each.document_name}</span>{" "}
            <span className="text-muted">{each.error?.message}</span>
          </li>
        ))}
      </ul>
      <MoreButton list={failed} />
    </section>
  );
}
