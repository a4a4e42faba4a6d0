import type { ReactNode } from "react";
import type { Analysis } from "@/api/types";
import { FIELD_TYPES } from "./draft";
import { Fold } from "./Fold";

/** What was asked, word for word. */
export function Question({ analysis: { spec } }: { analysis: Analysis }) {
  return (
    <Fold title="What was asked" className="mt-8 rounded-lg border border-line bg-surface">
      <dl className="grid gap-3 px-4 pb-4 sm:pl-10">
        {spec.fields?.map(({ name, type, description, options }) => (
          <Line key={name} name={name}>
            {[
              FIELD_TYPES.find((each) => each.type === type)?.label,
              options?.join(", "),
              description,
            ]
              .filter(Boolean)
              .join(" · ")}
          </Line>
        ))}
        {spec.kind === "extract" && (
          <Line name="A row is">
            {spec.rows === "item" ? "an item within a document" : "a document"}
          </Line>
        )}
        {spec.labels?.map(({ name, description }) => (
          <Line key={name} name={name}>
            {description}
          </Line>
        ))}
        {spec.kind === "compare" && (
          <Line name="Topics">
            {spec.topics?.length ? spec.topics.join(", ") : "What the documents themselves treat"}
          </Line>
        )}
        {spec.kind === "summary" && (
          <>
            <Line name="Length">{spec.length}</Line>
            <Line name="Focus">
              {spec.focus !== "" ? spec.focus : "What each document is mainly about"}
            </Line>
          </>
        )}
        {spec.instructions && <Line name="Instructions">{spec.instructions}</Line>}
      </dl>
    </Fold>
  );
}

function Line({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid sm:grid-cols-[16rem_minmax(0,1fr)] sm:gap-4">
      <dt className="font-medium break-words">{name}</dt>
      <dd className="break-words whitespace-pre-wrap text-muted">{children}</dd>
    </div>
  );
}
