import { GitCompareArrows } from "lucide-react";
import { useState } from "react";
import { isLive } from "@/api/analyses";
import type { components } from "@/api/schema";
import type { Analysis } from "@/api/types";
import { Badge } from "@/components/Badge";
import { EmptyState } from "@/components/EmptyState";
import { SelectField } from "@/components/Field";
import { Cite } from "./Cite";

type Schemas = components["schemas"];
type Finding = Schemas["ComparedTopic"];

const VERDICTS: Record<Finding["verdict"], { label: string; tone: "ok" | "warn" | "neutral" }> = {
  differs: { label: "They differ", tone: "warn" },
  agrees: { label: "They agree", tone: "ok" },
  missing: { label: "Not in all of them", tone: "neutral" },
};

/** What the documents say on each topic, side by side. */
export function CompareView({ analysis }: { analysis: Analysis }) {
  const [verdict, setVerdict] = useState("");
  const findings = (analysis.result as Schemas["CompareResult"] | null)?.findings ?? [];
  if (findings.length === 0) {
    return (
      <EmptyState
        icon={GitCompareArrows}
        title={isLive(analysis) ? "Reading" : "Nothing to set side by side"}
      >
        {isLive(analysis)
          ? "The comparison is made when all documents are through."
          : "The documents treat none of the topics, or the run ended before the comparison."}
      </EmptyState>
    );
  }
  const shown = findings.filter((each) => verdict === "" || each.verdict === verdict);
  return (
    <section aria-label="Findings">
      <div className="mb-3 w-fit">
        <SelectField
          label="Findings to show"
          hideLabel
          value={verdict}
          onChange={({ target }) => setVerdict(target.value)}
        >
          <option value="">All {findings.length} topics</option>
          {Object.entries(VERDICTS).map(([value, { label }]) => {
            const count = findings.filter((each) => each.verdict === value).length;
            return (
              <option key={value} value={value} disabled={count === 0}>
                {label} ({count})
              </option>
            );
          })}
        </SelectField>
      </div>
      <ul className="grid gap-4">
        {shown.map((finding) => (
          <Topic key={finding.topic} finding={finding} />
        ))}
      </ul>
    </section>
  );
}

function Topic({ finding }: { finding: Finding }) {
  const { label, tone } = VERDICTS[finding.verdict];
  return (
    <li className="rounded-lg border border-line bg-surface">
      <div className="flex flex-wrap items-center gap-3 border-b border-line px-4 py-3">
        <h2 className="min-w-0 font-semibold break-words">{finding.topic}</h2>
        <Badge tone={tone}>{label}</Badge>
      </div>
      <dl className="grid grid-cols-[repeat(auto-fit,minmax(min(100%,16rem),1fr))] gap-x-6 gap-y-4 p-4">
        {finding.sides.map(({ document_id, document_name, text, citation }) => (
          <div key={document_id} className="min-w-0">
            <dt className="truncate text-sm text-muted">{document_name}</dt>
            <dd className="mt-0.5 break-words">
              {text === null ? (
                <span className="text-muted">Says nothing on this</span>
              ) : (
                <>
                  {text} {citation && <Cite source={citation} />}
                </>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </li>
  );
}
