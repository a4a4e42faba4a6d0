import { Play } from "lucide-react";
import { useState } from "react";
import { Problem } from "@/api/problem";
import { Button } from "@/components/Button";
import { Notice } from "@/components/Notice";
import { cx } from "@/lib/cx";
import { useSettled } from "@/lib/use-settled";
import { bodyOf, faultsOf, type Draft, type Faults } from "./draft";
import { BudgetLink, Forecast, ForecastSkeleton, useEstimate } from "./Forecast";

interface RunPanelProps {
  draft: Draft;
  /** Something of the draft is marked as missing. */
  marked: boolean;
  /** Why the run was refused. */
  error: Error | null;
  pending: boolean;
  onRun: () => void;
}

/** What the analysis would take, and the button that runs it. */
export function RunPanel({ draft, marked, error, pending, onRun }: RunPanelProps) {
  return (
    <aside
      aria-label="What it takes"
      className="rounded-lg border border-line bg-surface p-4 xl:sticky xl:top-6"
    >
      <h2 className="mb-3 font-semibold">What it takes</h2>
      <Estimated draft={draft} />
      {error && <Trouble error={error} draft={draft} />}
      {marked && (
        <p role="status" className="mt-3 text-sm text-danger">
          Something is missing: it is marked.
        </p>
      )}
      <Button look="primary" icon={Play} className="mt-4 w-full" pending={pending} onClick={onRun}>
        Run the analysis
      </Button>
    </aside>
  );
}

function Estimated({ draft }: { draft: Draft }) {
  const [settled, setSettled] = useState(draft);
  useSettled(draft, 700, setSettled);
  const faults = faultsOf(settled);
  const isWhole = Object.keys(faults).length === 0;
  const estimate = useEstimate(isWhole ? bodyOf(settled) : null);
  if (!isWhole) return <p className="text-muted">{stillMissing(faults)}</p>;
  if (estimate.error) {
    return <Refused error={estimate.error} onRetry={() => void estimate.refetch()} />;
  }
  if (!estimate.data) return <ForecastSkeleton />;
  return (
    <div className={cx(estimate.isPlaceholderData && "opacity-60")}>
      <Forecast estimate={estimate.data} />
    </div>
  );
}

function stillMissing(faults: Faults): string {
  const [first] = Object.keys(faults);
  if (first === "collection_id" || first === "document_ids") {
    return "Shown when the documents are chosen.";
  }
  return "Shown when the question is complete.";
}

interface RefusedProps {
  error: Error;
  /** Estimates again, where it was the estimate that was refused. */
  onRetry?: () => void;
}

/** Why nothing can be estimated, or the run was refused. */
function Refused({ error, onRetry }: RefusedProps) {
  const isBudget = error instanceof Problem && error.status === 402;
  const isFinal = error instanceof Problem && [402, 404, 409, 422].includes(error.status);
  return (
    <div className="grid gap-2">
      <Notice
        tone={isBudget ? "warn" : "danger"}
        {...(isBudget && { title: "The budget is spent" })}
        problem={error}
      />
      {isBudget && (
        <p className="text-sm">
          See <BudgetLink />.
        </p>
      )}
      {!isFinal && onRetry && (
        <Button size="sm" onClick={onRetry}>
          Estimate again
        </Button>
      )}
    </div>
  );
}

/** Why the run was refused; what stands at a field is not said twice. */
function Trouble({ error, draft }: { error: Error; draft: Draft }) {
  const fields = error instanceof Problem ? Object.entries(error.fields) : [];
  if (fields.length === 0) {
    return (
      <div className="mt-3">
        <Refused error={error} />
      </div>
    );
  }
  const homeless = fields.filter(([name]) => !hasPlace(draft, name));
  return (
    <Notice tone="danger" className="mt-3">
      <p>{homeless.length === 0 ? "Something was not accepted: it is marked." : "Not accepted:"}</p>
      <ul>
        {homeless.map(([name, message]) => (
          <li key={name}>{message}</li>
        ))}
      </ul>
    </Notice>
  );
}

/** Whether what is wrong with it is shown where it is written. */
function hasPlace(draft: Draft, name: string): boolean {
  if (name === "collection_id") return draft.from === "collection";
  if (name === "document_ids") return draft.from === "documents";
  const places = {
    extract: /^fields(\.\d+(\.(name|type|description|options))?)?$/,
    classify: /^labels(\.\d+\.(name|description))?$/,
    compare: /^topics(\.\d+)?$/,
    summary: /^(focus|length)$/,
  };
  return name === "name" || name === "instructions" || places[draft.kind].test(name);
}
