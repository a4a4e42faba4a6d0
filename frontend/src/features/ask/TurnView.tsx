import { Copy, RotateCw } from "lucide-react";
import { Button } from "@/components/Button";
import { Notice } from "@/components/Notice";
import { toast } from "@/components/toast";
import { openEvidence } from "@/features/viewer";
import { formatMoney, formatNumber } from "@/lib/format";
import { asText, piecesOf } from "./answer";
import type { Citation, Turn } from "./thread";

/** A question and what came of it. */
export function TurnView({ turn, onAgain }: { turn: Turn; onAgain: () => void }) {
  const { answer, citations, problem, state, usage } = turn;
  return (
    <article className="grid gap-3">
      <h2 className="text-lg font-semibold break-words whitespace-pre-wrap">{turn.question}</h2>
      {turn.degraded && (
        <Notice tone="warn">
          The search by meaning is away, so this rests on the words alone. It may be worth asking
          again later.
        </Notice>
      )}
      {state === "asking" && answer === "" && (
        <p role="status" className="animate-breathe text-muted">
          Reading the documents
        </p>
      )}
      {answer !== "" && (
        <p className="leading-relaxed break-words whitespace-pre-wrap">
          {piecesOf(answer, citations).map((piece, at) =>
            typeof piece === "string" ? piece : <Mark key={at} citation={piece} />,
          )}
        </p>
      )}
      {state === "done" && !turn.answered && (
        <Notice title="The documents do not say">
          Try other words, name the company or the year, or look in more documents.
        </Notice>
      )}
      {state === "stopped" && <p className="text-sm text-muted">Stopped before its end.</p>}
      {state === "failed" && problem && (
        <Notice tone="danger" title={problem.title} problem={problem} />
      )}
      {citations.length > 0 && (
        <ol aria-label="Sources" className="grid gap-2 border-l-2 border-evidence-line pl-3">
          {citations.map((citation) => (
            <li key={citation.number} className="text-sm">
              <p className="text-muted">
                {citation.number}. {citation.document_name}, page {citation.page}
              </p>
              <p className="line-clamp-3 font-quote">{citation.quote}</p>
            </li>
          ))}
        </ol>
      )}
      {state !== "asking" && (
        <footer className="flex flex-wrap items-center gap-2">
          {answer !== "" && (
            <Button look="ghost" size="sm" icon={Copy} onClick={() => void copy(turn)}>
              Copy
            </Button>
          )}
          <Button look="ghost" size="sm" icon={RotateCw} onClick={onAgain}>
            Ask again
          </Button>
          {usage && turn.model && (
            <p className="ml-auto text-xs text-muted tabular-nums">
              {turn.model} · {formatNumber(usage.input_tokens + usage.output_tokens)} tokens ·{" "}
              {formatMoney(usage.cost_usd)}
            </p>
          )}
        </footer>
      )}
    </article>
  );
}

function Mark({ citation }: { citation: Citation }) {
  const { document_id, document_name, number, page, start, end, quote } = citation;
  return (
    <button
      type="button"
      aria-label={`Source ${number}: ${document_name}, page ${page}`}
      title={`${document_name}, page ${page}`}
      onClick={() => openEvidence({ documentId: document_id, page, start, end, quote })}
      className="mx-0.5 inline-grid h-5 min-w-5 place-items-center rounded-sm bg-evidence px-1 align-text-top text-xs font-medium text-ink hover:ring-1 hover:ring-evidence-line"
    >
      {number}
    </button>
  );
}

async function copy({ answer, citations }: Turn): Promise<void> {
  try {
    await navigator.clipboard.writeText(asText(answer, citations));
    toast("Copied with its sources", { tone: "ok" });
  } catch {
    toast("The browser did not let it be copied", { tone: "danger" });
  }
}
