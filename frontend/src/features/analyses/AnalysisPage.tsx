import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import {
  BookmarkPlus,
  Copy,
  Download,
  Ellipsis,
  FilePlus2,
  Pause,
  Play,
  RotateCw,
  Square,
  Trash2,
} from "lucide-react";
import { lazy, Suspense, useDeferredValue, useState } from "react";
import { ANALYSIS_LISTS, analysisQuery, isLive } from "@/api/analyses";
import { api, call } from "@/api/client";
import { download } from "@/api/download";
import { useMay } from "@/api/me";
import type { components } from "@/api/schema";
import type { Analysis } from "@/api/types";
import { Awaited } from "@/components/Awaited";
import { Button, IconButton } from "@/components/Button";
import { ConfirmDialog } from "@/components/Dialog";
import { Menu, MenuItem, MenuLine } from "@/components/Menu";
import { Notice } from "@/components/Notice";
import { Page } from "@/components/Page";
import { Progress } from "@/components/Progress";
import { SkeletonRows } from "@/components/Skeleton";
import { toast } from "@/components/toast";
import { formatAgo, formatCount, formatMoney, formatNumber } from "@/lib/format";
import { CompareView } from "./CompareView";
import { draftStore, emptyDraft, withSpec } from "./draft";
import { BudgetLink } from "./Forecast";
import { kindOf, StatusBadge } from "./kinds";
import { Question } from "./Question";
import { SummaryView } from "./SummaryView";
import { Unfinished } from "./Unfinished";

const ExtendDialog = lazy(() =>
  import("./ExtendDialog").then((file) => ({ default: file.ExtendDialog })),
);
const ResultTable = lazy(() =>
  import("./ResultTable").then((file) => ({ default: file.ResultTable })),
);
const SaveTemplate = lazy(() =>
  import("./Templates").then((file) => ({ default: file.SaveTemplate })),
);

type Deed = "pause" | "resume" | "cancel" | "retry";
type Form = "csv" | "csv-evidence" | "xlsx" | "json";

export function AnalysisPage() {
  const { analysisId } = useParams({ from: "/inside/analyses/$analysisId" });
  const found = useQuery(analysisQuery(analysisId));
  // What a query brings is drawn at one go; deferred, it is drawn in slices that let the page answer.
  const analysis = useDeferredValue(found.data);
  if (analysis?.id === analysisId) return <Shown analysis={analysis} />;
  return (
    <Page title="Analysis">
      <Awaited query={found}>
        <SkeletonRows label="Loading the analysis" />
      </Awaited>
    </Page>
  );
}

function useDeed(analysis: Analysis) {
  const client = useQueryClient();
  return useMutation({
    meta: { quiet: true },
    mutationFn: (deed: Deed) =>
      call(
        api.POST(`/v1/analyses/{analysis_id}/${deed}`, {
          params: { path: { analysis_id: analysis.id } },
        }),
      ),
    onSuccess: (after) => {
      client.setQueryData(analysisQuery(analysis.id).queryKey, after);
      return client.invalidateQueries({ queryKey: ANALYSIS_LISTS });
    },
  });
}

function useExport(analysis: Analysis) {
  return useMutation({
    meta: { quiet: true },
    mutationFn: async (form: Form) => {
      const format = form === "csv-evidence" ? "csv" : form;
      const query = `format=${format}&download=true&evidence=${form === "csv-evidence"}`;
      const path = `/v1/analyses/${analysis.id}/table?${query}`;
      await download(path, `${fileName(analysis.name)}.${format}`);
    },
  });
}

/** Without what file systems refuse. */
function fileName(name: string): string {
  return name.replace(/[\s\\/:*?"<>|]+/g, " ").trim() || "analysis";
}

function Shown({ analysis }: { analysis: Analysis }) {
  const [asked, setAsked] = useState<"extend" | "template" | "delete" | null>(null);
  const acting = useDeed(analysis);
  const exporting = useExport(analysis);
  const problem = acting.error ?? exporting.error;
  const close = () => setAsked(null);
  const { label } = kindOf(analysis.kind);
  return (
    <Page
      title={analysis.name}
      description={`${label} · begun ${formatAgo(analysis.created_at)}`}
      actions={
        <Actions
          analysis={analysis}
          pending={acting.isPending ? acting.variables : null}
          onDeed={acting.mutate}
          exporting={exporting.isPending}
          onExport={exporting.mutate}
          onAsk={setAsked}
        />
      }
    >
      {problem && <Notice tone="danger" problem={problem} className="mb-4" />}
      <State analysis={analysis} />
      <Unfinished analysis={analysis} />
      {analysis.kind === "summary" ? (
        <SummaryView analysis={analysis} />
      ) : analysis.kind === "compare" ? (
        <CompareView analysis={analysis} />
      ) : (
        <Suspense fallback={<SkeletonRows label="Loading the results" />}>
          <ResultTable key={analysis.id} analysis={analysis} />
        </Suspense>
      )}
      <Question analysis={analysis} />
      <Suspense>
        {asked === "extend" && <ExtendDialog analysis={analysis} onClose={close} />}
        {asked === "template" && (
          <SaveTemplate spec={analysis.spec} name={analysis.name} onClose={close} />
        )}
      </Suspense>
      {asked === "delete" && <DeleteAnalysis analysis={analysis} onClose={close} />}
    </Page>
  );
}

interface ActionsProps {
  analysis: Analysis;
  pending: Deed | null;
  onDeed: (deed: Deed) => void;
  exporting: boolean;
  onExport: (form: Form) => void;
  onAsk: (what: "extend" | "template" | "delete") => void;
}

const FORMS: readonly { form: Form; label: string }[] = [
  { form: "xlsx", label: "Excel workbook, with sources" },
  { form: "csv", label: "CSV" },
  { form: "csv-evidence", label: "CSV, with sources" },
  { form: "json", label: "JSON, with sources" },
];

function Actions({ analysis, pending, onDeed, exporting, onExport, onAsk }: ActionsProps) {
  const may = useMay("member");
  const navigate = useNavigate();
  const { progress, status } = analysis;
  const isOver = !isLive(analysis) && status !== "paused";
  const unfinished = progress.failed + progress.skipped;
  const again = () => {
    draftStore.set(withSpec(emptyDraft(), analysis.spec));
    void navigate({ to: "/analyses/new" });
  };
  return (
    <>
      {may && isLive(analysis) && (
        <Button icon={Pause} pending={pending === "pause"} onClick={() => onDeed("pause")}>
          Pause
        </Button>
      )}
      {may && status === "paused" && (
        <Button
          look="primary"
          icon={Play}
          pending={pending === "resume"}
          onClick={() => onDeed("resume")}
        >
          Resume
        </Button>
      )}
      {may && isOver && (unfinished > 0 || status === "failed") && (
        <Button icon={RotateCw} pending={pending === "retry"} onClick={() => onDeed("retry")}>
          {unfinished > 0 ? `Try ${formatCount(unfinished, "document")} again` : "Try again"}
        </Button>
      )}
      <Menu
        align="end"
        trigger={
          <Button icon={Download} pending={exporting}>
            Export
          </Button>
        }
      >
        {FORMS.map(({ form, label }) => (
          <MenuItem key={form} onSelect={() => onExport(form)}>
            {label}
          </MenuItem>
        ))}
      </Menu>
      {may && (
        <Menu align="end" trigger={<IconButton icon={Ellipsis} label="More" look="secondary" />}>
          {status !== "cancelled" && (
            <MenuItem icon={FilePlus2} onSelect={() => onAsk("extend")}>
              Add documents
            </MenuItem>
          )}
          <MenuItem icon={Copy} onSelect={again}>
            Ask the same of others
          </MenuItem>
          <MenuItem icon={BookmarkPlus} onSelect={() => onAsk("template")}>
            Save as a template
          </MenuItem>
          <MenuLine />
          {!isOver && (
            <MenuItem icon={Square} onSelect={() => onDeed("cancel")}>
              Cancel the run
            </MenuItem>
          )}
          <MenuItem icon={Trash2} danger onSelect={() => onAsk("delete")}>
            Delete
          </MenuItem>
        </Menu>
      )}
    </>
  );
}

/** How far it is, what it found and took, and why it stands still if it does. */
function State({ analysis }: { analysis: Analysis }) {
  const { error, progress, status } = analysis;
  const isBudget = error?.code === "model_budget_spent";
  const isOver = !isLive(analysis) && status !== "paused";
  return (
    <div className="mb-5 grid gap-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <StatusBadge status={status} />
        <span role="status" className="tabular-nums">
          {soFar(progress)}
        </span>
        <Found analysis={analysis} />
        <span className="text-muted">{spent(analysis)}</span>
      </div>
      {!isOver && (
        <Progress
          label="Documents that are done"
          tone={status === "paused" ? "warn" : "accent"}
          value={
            progress.total === 0 || (progress.done === 0 && status !== "paused")
              ? null
              : progress.done / progress.total
          }
        />
      )}
      {error && (
        <Notice
          tone={status === "failed" ? "danger" : "warn"}
          {...(isBudget && { title: "This month's budget is spent" })}
        >
          {error.message}
          {isBudget && (
            <>
              {" "}
              What was found is kept. See <BudgetLink />.
            </>
          )}
        </Notice>
      )}
    </div>
  );
}

function soFar({ done, failed, total }: Analysis["progress"]): string {
  const of = (count: number) => `${formatNumber(count)} of ${formatCount(total, "document")}`;
  if (failed === 0) return of(done);
  return failed === done ? `${of(failed)} failed` : `${of(done)}, ${formatNumber(failed)} failed`;
}

function Found({ analysis }: { analysis: Analysis }) {
  if (analysis.kind !== "extract" && analysis.kind !== "classify") return null;
  const result = analysis.result as components["schemas"]["TableResult"] | null;
  if (!result) return null;
  return (
    <span className="text-muted tabular-nums">
      {formatCount(result.filled, "value")}, {formatNumber(result.not_found)} not found
    </span>
  );
}

function spent({ engine, usage }: Analysis): string {
  if (engine === "extractive") return "No language model was asked";
  const tokens = usage.input_tokens + usage.output_tokens;
  return `${engine} · ${formatNumber(tokens)} tokens · ${formatMoney(usage.cost_usd)}`;
}

function DeleteAnalysis({ analysis, onClose }: { analysis: Analysis; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const deleting = useMutation({
    meta: { quiet: true },
    mutationFn: () =>
      call(
        api.DELETE("/v1/analyses/{analysis_id}", {
          params: { path: { analysis_id: analysis.id } },
        }),
      ),
    onSuccess: async () => {
      await navigate({ to: "/analyses" });
      toast(`“${analysis.name}” was deleted`);
      client.removeQueries({ queryKey: analysisQuery(analysis.id).queryKey });
      await client.invalidateQueries({ queryKey: ANALYSIS_LISTS });
    },
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete “${analysis.name}”?`}
      description="All that it found will be gone. The documents stay."
      action="Delete the analysis"
      pending={deleting.isPending}
      error={deleting.error}
      onConfirm={() => deleting.mutate()}
    />
  );
}
