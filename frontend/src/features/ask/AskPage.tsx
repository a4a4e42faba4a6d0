import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ArrowUp, History, MessageSquarePlus, Square } from "lucide-react";
import { useEffect, useEffectEvent, useState } from "react";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { ErrorState } from "@/components/ErrorState";
import { TextArea } from "@/components/Field";
import { Page } from "@/components/Page";
import { SkeletonRows } from "@/components/Skeleton";
import { useStore } from "@/lib/store";
import { Conversations } from "./Conversations";
import { conversationQuery } from "./queries";
import { ScopePicker } from "./ScopePicker";
import { ask, beginAnew, draft, scope, stop, thread, turnsOf } from "./thread";
import { TurnView } from "./TurnView";

const SUGGESTIONS = [
  "What are these documents about?",
  "Which risks do they name?",
  "What changed since the year before?",
];

/** Asks the documents and shows where each statement stands. */
export function AskPage() {
  const { conversationId } = useParams({ strict: false });
  const search = useSearch({ strict: false });
  const navigate = useNavigate();
  const client = useQueryClient();
  const now = useStore(thread);
  const typed = useStore(draft);
  const [history, setHistory] = useState(false);
  const live = conversationId ? now.conversationId === conversationId : now.fresh;
  const kept = useQuery({
    ...conversationQuery(conversationId ?? ""),
    enabled: conversationId !== undefined && !live,
  });
  const turns = live ? now.turns : kept.data ? turnsOf(kept.data.messages) : [];
  const asking = live && turns.at(-1)?.state === "asking";
  const waits = conversationId !== undefined && !live && !kept.data;

  const put = async (question: string, before = turns) => {
    await ask(question, { conversationId: conversationId ?? null, turns: before });
    await client.invalidateQueries({ queryKey: ["conversations"] });
  };
  const send = (question: string) => {
    if (question.trim() === "" || asking || waits) return;
    draft.set("");
    void put(question.trim());
  };

  // The address may carry a question and where to look; both are taken once.
  const take = useEffectEvent(() => {
    const { question, document, collection } = search;
    if (conversationId || !(question ?? document ?? collection)) return;
    beginAnew();
    scope.set({
      documents: document ? [{ id: document, name: "This document" }] : [],
      collections: collection ? [{ id: collection, name: "This collection" }] : [],
    });
    void navigate({ to: "/ask", search: {}, replace: true });
    if (question) void put(question, []);
  });
  useEffect(() => take(), [search.question, search.document, search.collection]);

  // A conversation has its address from its first answer on.
  const fresh = now.fresh ? now.conversationId : null;
  useEffect(() => {
    if (!fresh || conversationId) return;
    thread.set((each) => ({ ...each, fresh: false }));
    void navigate({
      to: "/ask/$conversationId",
      params: { conversationId: fresh },
      replace: true,
    });
  }, [fresh, conversationId, navigate]);

  return (
    <Page
      fill
      title="Ask"
      actions={
        <>
          <Button icon={History} onClick={() => setHistory(true)}>
            Earlier
          </Button>
          <Button
            icon={MessageSquarePlus}
            onClick={() => {
              beginAnew();
              void navigate({ to: "/ask" });
            }}
          >
            New
          </Button>
        </>
      }
    >
      <div className="mx-auto flex min-h-0 w-full max-w-3xl flex-1 flex-col">
        <div
          role="region"
          aria-label="Conversation"
          tabIndex={0}
          className="min-h-0 flex-1 overflow-y-auto pb-6 -outline-offset-2"
        >
          {kept.error && !live ? (
            <ErrorState error={kept.error} onRetry={() => void kept.refetch()} />
          ) : waits ? (
            <SkeletonRows label="Fetching the conversation" />
          ) : turns.length === 0 ? (
            <Welcome onChoose={send} />
          ) : (
            <div className="grid gap-8">
              {turns.map((turn, at) => (
                <TurnView
                  key={turn.id}
                  turn={turn}
                  onAgain={() => {
                    if (asking) return;
                    // What failed is replaced; an answer stays to be compared with.
                    const gone = turn.state !== "done" && at === turns.length - 1;
                    void put(turn.question, gone ? turns.slice(0, at) : turns);
                  }}
                />
              ))}
            </div>
          )}
        </div>
        <form
          className="border-t border-line py-3"
          onSubmit={(event) => {
            event.preventDefault();
            send(typed);
          }}
        >
          <TextArea
            label="Question"
            hideLabel
            rows={2}
            placeholder="Ask your documents"
            value={typed}
            onChange={(event) => draft.set(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
              event.preventDefault();
              send(typed);
            }}
          />
          <div className="mt-2 flex items-start justify-between gap-2">
            <ScopePicker />
            {asking ? (
              <Button icon={Square} onClick={stop}>
                Stop
              </Button>
            ) : (
              <Button look="primary" type="submit" icon={ArrowUp}>
                Ask
              </Button>
            )}
          </div>
        </form>
      </div>
      <Dialog open={history} onOpenChange={setHistory} title="Earlier conversations">
        {/* eslint-disable-next-line jsx-a11y/no-static-element-interactions, jsx-a11y/click-events-have-key-events -- closes after a link inside was followed */}
        <div
          className="-mx-2 max-h-[60vh] overflow-y-auto px-2"
          onClick={(event) => {
            if (event.target instanceof Element && event.target.closest("a")) setHistory(false);
          }}
        >
          <Conversations current={conversationId} />
        </div>
      </Dialog>
    </Page>
  );
}

function Welcome({ onChoose }: { onChoose: (question: string) => void }) {
  return (
    <div className="grid justify-items-start gap-2 pt-10">
      <h2 className="text-lg font-semibold">What would you like to know?</h2>
      <p className="mb-2 text-muted">
        Every statement comes with the words of the document that it rests on.
      </p>
      {SUGGESTIONS.map((each) => (
        <Button key={each} onClick={() => onChoose(each)}>
          {each}
        </Button>
      ))}
    </div>
  );
}
