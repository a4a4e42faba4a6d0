import { Copy, RotateCw } from "lucide-react";
import { Button } from "@/components/Button";
import { Notice } from "@/components/Notice";
import { toast } from "@/components/toast";
import { openEvidence } from "@/features/viewer";
import { copyText } from "@/lib/clipboard";
import { cx } from "@/lib/cx";
import { formatCount, formatMoney } from "@/lib/format";
import { asText, piecesOf, saysWordForWord } from "./answer";
import type { Citation, Turn } from "./thread";

/** What the API answers, and calls its engine, when it quotes or finds nothing to quote. */
const NOT_SAID = "The documents do not say.";
const EXTRACTIVE = "extractive";

/** A question and what came of it. */
export function TurnView({ turn, onAgain }: { turn: Turn; onAgain: () => void }) {
  const { answer, citations, problem, state, usage } = turn;
  // The notice says it already.
  const silent = state === "done" && !turn.answered && answer === NOT_SAID;
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
      {answer !== "" && !silent && (
        <p
          className={cx(
            "leading-relaxed break-words whitespace-pre-wrap",
            state === "asking" &&
              "after:ml-1 after:inline-block after:h-[1em] after:w-1.5 after:animate-breathe after:rounded-sm after:bg-accent after:align-text-bottom",
          )}
        >
          {piecesOf(answer, citations).map((piece, at) =>
            typeof piece === "string" ? piece : <Mark key={at} citation={piece} />,
          )}
        </p>
      )}
      {state === "done" && !turn.answered && (
        <Notice title="The documents do not say">
          Nothing in them answers this well enough to be quoted. Try other words, name the company
          or the year, or look in more documents.
        </Notice>
      )}
      {state === "stopped" && <p className="text-sm text-muted">Stopped before its end.</p>}
      {state === "failed" && problem && (
        <Notice tone="danger" title={problem.title} problem={problem} />
      )}
      {citations.length > 0 && (
        <ol aria-label="Sources" className="grid gap-1">
          {citations.map((citation) => (
            <Source key={citation.number} citation={citation} answer={answer} />
          ))}
        </ol>
      )}
      {state !== "asking" && (
        <footer className="flex flex-wrap items-center gap-2">
          {answer !== "" && !silent && (
            <Button look="ghost" size="sm" icon={Copy} onClick={() => void copy(turn)}>
              Copy
            </Button>
          )}
          <Button look="ghost" size="sm" icon={RotateCw} onClick={onAgain}>
            Ask again
          </Button>
          {usage && turn.model && !silent && (
            <p className="ml-auto text-xs text-muted tabular-nums">
              {turn.model === EXTRACTIVE
                ? "Quoted word for word, without a model"
                : `${turn.model} · ${formatCount(usage.input_tokens + usage.output_tokens, "token")} · ${formatMoney(usage.cost_usd)}`}
            </p>
          )}
        </footer>
      )}
    </article>
  );
}

function show({ document_id: documentId, page, start, end, quote }: Citation): void {
  openEvidence({ documentId, page, start, end, quote });
}

function Mark({ citation }: { citation: Citation }) {
  const { document_name, number, page } = citation;
  return (
    <button
      type="button"
      aria-label={`Source ${number}: ${document_name}, page ${page}`}
      title={`${document_name}, page ${page}`}
      onClick={() => show(citation)}
      className="mx-0.5 inline-grid h-5 min-w-5 place-items-center rounded-sm bg-evidence px-1 align-text-top text-xs font-medium text-ink hover:ring-1 hover:ring-evidence-line"
    >
      {number}
    </button>
  );
}

/** Where a statement stands; in which words, unless the answer is those very words. */
function Source({ citation, answer }: { citation: Citation; answer: string }) {
  const { document_name, number, page, quote } = citation;
  return (
    <li>
      <button
        type="button"
        onClick={() => show(citation)}
        className="w-full rounded-r-md border-l-2 border-evidence-line px-3 py-1 text-left text-sm transition-colors hover:bg-hover"
      >
        <span className="flex gap-1.5 text-muted">
          <span className="tabular-nums">{number}.</span>
          <span className="truncate">{document_name}</span>
          <span className="shrink-0">page {page}</span>
        </span>
        {!saysWordForWord(answer, quote) && (
          <span className="line-clamp-3 font-quote text-base">{quote}</span>
        )}
      </button>
    </li>
  );
}

async function copy({ answer, citations }: Turn): Promise<void> {
  if (await copyText(asText(answer, citations))) {
    toast("Copied with its sources", { tone: "ok" });
  } else {
    toast("The browser did not let it be copied", {
      detail: "Select the answer and its sources, and copy them with Ctrl+C, ⌘C, or a long press.",
      tone: "danger",
    });
  }
}
