import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ArrowUp, FileStack, FileText, History, MessageSquarePlus, Square } from "lucide-react";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { Button } from "@/components/Button";
import { Dialog } from "@/components/Dialog";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { TextArea } from "@/components/Field";
import { Page } from "@/components/Page";
import { SkeletonRows } from "@/components/Skeleton";
import { sampleQuestions } from "@/features/welcome";
import { useStore } from "@/lib/store";
import { Conversations } from "./Conversations";
import { conversationQuery, readyDocumentsQuery } from "./queries";
import { ScopePicker } from "./ScopePicker";
import { ask, beginAnew, draft, scope, stop, thread, turnsWithPending, type Turn } from "./thread";
import { TurnView } from "./TurnView";

const SUGGESTIONS = 4;
/** Nearer to its end than this, the conversation stays there while it grows. */
const NEAR_PX = 80;

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
  const waits = conversationId !== undefined && !live && !kept.data;
  const turns = live
    ? now.turns
    : waits
      ? []
      : turnsWithPending(kept.data?.messages ?? [], conversationId);
  const asking = live && turns.at(-1)?.state === "asking";

  const following = useFollowing(turns);
  const box = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // A phone's keyboard would cover the page before anybody asked for it.
    if (matchMedia("(pointer: fine)").matches) box.current?.querySelector("textarea")?.focus();
  }, [conversationId]);

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
          {...following}
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
          ref={box}
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

/** Keeps the end in view while it grows, until the person scrolls away from it. */
function useFollowing(turns: readonly Turn[]) {
  const frame = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const last = turns.at(-1)?.id;
  useEffect(() => {
    follows.current = true;
  }, [last]);
  useEffect(() => {
    const element = frame.current;
    if (element && follows.current) element.scrollTop = element.scrollHeight;
  }, [turns]);
  const onScroll = () => {
    const element = frame.current;
    if (!element) return;
    const left = element.scrollHeight - element.scrollTop - element.clientHeight;
    follows.current = left < NEAR_PX;
  };
  return { ref: frame, onScroll };
}

function Welcome({ onChoose }: { onChoose: (question: string) => void }) {
  const { data } = useQuery(readyDocumentsQuery);
  if (data?.items.length === 0) {
    return (
      <EmptyState
        icon={FileStack}
        title="Nothing to ask yet"
        action={
          <Button look="primary" asChild>
            <Link to="/library">Go to the library</Link>
          </Button>
        }
      >
        Once a document is read, it can be asked here.
      </EmptyState>
    );
  }
  const documents = data?.items ?? [];
  const questions = sampleQuestions(documents);
  return (
    <div className="grid justify-items-start gap-2 pt-10">
      <h2 className="text-lg font-semibold">What would you like to know?</h2>
      <p className="mb-2 text-muted">
        Every statement comes with the words of the document that it rests on. Name what you are
        after, and the company or the year where documents are alike.
      </p>
      {questions.map((question) => (
        <Button key={question} onClick={() => onChoose(question)}>
          {question}
        </Button>
      ))}
      {questions.length === 0 && documents.length > 1 && (
        <>
          <p className="text-sm font-medium">Look in one document alone</p>
          {documents.slice(0, SUGGESTIONS).map(({ id, name }) => (
            <Button
              key={id}
              icon={FileText}
              className="max-w-full shrink"
              onClick={() => scope.set({ documents: [{ id, name }], collections: [] })}
            >
              <span className="truncate">{name}</span>
            </Button>
          ))}
        </>
      )}
    </div>
  );
}
