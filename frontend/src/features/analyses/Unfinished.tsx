import { api, call } from "@/api/client";
import { usePages } from "@/api/pages";
import type { components } from "@/api/schema";
import type { Analysis } from "@/api/types";
import { MoreButton } from "@/components/MoreButton";
import { Notice } from "@/components/Notice";
import { formatCount } from "@/lib/format";
import { Fold } from "./Fold";

type AnalysisDocument = components["schemas"]["AnalysisDocument"];

/** The documents that failed or were left out, each with why. */
export function Unfinished({ analysis }: { analysis: Analysis }) {
  const { failed, skipped } = analysis.progress;
  return (
    <>
      {failed > 0 && (
        <Documents
          analysis={analysis}
          status="failed"
          title={`${formatCount(failed, "document")} failed`}
        />
      )}
      {skipped > 0 && (
        <Documents
          analysis={analysis}
          status="skipped"
          title={`${formatCount(skipped, "document")} skipped`}
        />
      )}
    </>
  );
}

interface DocumentsProps {
  analysis: Analysis;
  status: "failed" | "skipped";
  title: string;
}

function Documents({ analysis, status, title }: DocumentsProps) {
  const count = analysis.progress[status];
  const list = usePages<AnalysisDocument>(
    ["analyses", "unfinished", analysis.id, status, count],
    (cursor, signal) =>
      call(
        api.GET("/v1/analyses/{analysis_id}/documents", {
          signal,
          params: { path: { analysis_id: analysis.id }, query: { cursor, status } },
        }),
      ),
  );
  return (
    <Fold
      title={title}
      open={status === "failed" && count <= 10}
      className="mb-4 rounded-lg border border-line bg-surface"
    >
      <div className="max-h-72 overflow-y-auto px-4 pb-3 sm:pl-10">
        {list.error && !list.items && <Notice tone="danger" problem={list.error} />}
        <ul className="grid gap-2">
          {list.items?.map((each) => (
            <li key={each.document_id} className="grid sm:grid-cols-[16rem_minmax(0,1fr)] sm:gap-4">
              <span className="truncate font-medium">{each.document_name}</span>
              <span className="text-muted">
                {each.error?.message ?? (status === "skipped" ? "It was not looked at." : "")}
                {each.attempts > 1 && ` Tried ${each.attempts} times.`}
              </span>
            </li>
          ))}
        </ul>
        <MoreButton list={list} />
      </div>
    </Fold>
  );
}
