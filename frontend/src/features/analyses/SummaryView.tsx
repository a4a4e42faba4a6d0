import { List } from "lucide-react";
import type { components } from "@/api/schema";
import type { Analysis } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { formatCount } from "@/lib/format";
import { Cite } from "./Cite";
import { Fold } from "./Fold";
import { nothingOf } from "./kinds";

type Schemas = components["schemas"];

/** Up to so many documents, all their points are open. */
const FEW = 5;

/** The main points, over all documents and of each, with where they stand. */
export function SummaryView({ analysis }: { analysis: Analysis }) {
  const result = analysis.result as Schemas["SummaryResult"] | null;
  const documents = result?.documents ?? [];
  const overall = result?.overall?.points ?? [];
  if (documents.length === 0 && overall.length === 0) {
    return <EmptyState icon={List} {...nothingOf(analysis, "point")} />;
  }
  return (
    <div className="grid max-w-3xl gap-8">
      {overall.length > 0 && (
        <section aria-labelledby="overall">
          <h2 id="overall" className="mb-3 text-lg font-semibold">
            Over all documents
          </h2>
          <Points points={overall} named />
        </section>
      )}
      <section aria-labelledby="each">
        <h2 id="each" className="mb-3 text-lg font-semibold">
          Each document
        </h2>
        <div className="overflow-hidden rounded-lg border border-line bg-surface">
          {documents.map((each) => (
            <Fold
              key={each.document_id}
              title={each.document_name}
              aside={formatCount(each.points.length, "point")}
              open={documents.length <= FEW}
              className="border-line not-last:border-b"
            >
              <div className="px-4 pb-4 sm:pl-10">
                <Points points={each.points} />
              </div>
            </Fold>
          ))}
        </div>
        {analysis.progress.done > documents.length && documents.length >= 200 && (
          <p className="mt-3 text-sm text-muted">
            These are the first {documents.length} documents. An export holds all of them.
          </p>
        )}
      </section>
    </div>
  );
}

function Points({
  points,
  named = false,
}: {
  points: readonly Schemas["SummaryPoint"][];
  named?: boolean;
}) {
  return (
    <ul className="grid gap-3">
      {points.map((point, at) => (
        <li key={at} className="border-l-2 border-line pl-3">
          <p className="break-words">{point.text}</p>
          <p className="mt-1 flex flex-wrap gap-1.5">
            {point.citations.map((source, index) => (
              <Cite key={index} source={source} named={named} />
            ))}
          </p>
        </li>
      ))}
    </ul>
  );
}
