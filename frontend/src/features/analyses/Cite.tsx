import type { components } from "@/api/schema";
import { openEvidence } from "@/features/viewer";

type SourceQuote = components["schemas"]["SourceQuote"];

/** Leads to the words in the document. */
export function Cite({ source, named = false }: { source: SourceQuote; named?: boolean }) {
  const { document_id: documentId, document_name: name, page, start, end, quote } = source;
  return (
    <button
      type="button"
      aria-label={`Show where ${name} says this, on page ${page}`}
      onClick={() => openEvidence({ documentId, page, start, end, quote })}
      className="inline-flex h-5 max-w-full items-center rounded-sm bg-evidence px-1.5 align-text-top text-xs font-medium text-ink hover:ring-1 hover:ring-evidence-line"
    >
      <span className="truncate">{named ? `${name}, p. ${page}` : `p. ${page}`}</span>
    </button>
  );
}
