import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowRight, MessageSquareText } from "lucide-react";
import { api, call } from "@/api/client";
import type { Document } from "@/api/types";
import { Button } from "@/components/Button";
import { sampleQuestions } from "./samples";

/** Whether anything was asked yet: one conversation says so. */
export const askedQuery = queryOptions({
  queryKey: ["conversations", "any"],
  queryFn: ({ signal }) =>
    call(api.GET("/v1/conversations", { signal, params: { query: { limit: 1 } } })),
});

/** Leads to the first question, once something can be asked and nothing was. */
export function FirstQuestions({ documents }: { documents: readonly Document[] }) {
  const ready = documents.filter(({ status }) => status === "ready");
  const { data: asked } = useQuery(askedQuery);
  if (ready.length === 0 || asked?.items.length !== 0) return null;
  const questions = sampleQuestions(ready);
  return (
    <section className="mb-3 rounded-lg border border-line bg-surface px-4 py-3">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <h2 className="flex items-center gap-2 font-medium">
          <MessageSquareText size={16} aria-hidden className="text-accent" />
          {questions.length > 0 ? "Ask the samples" : "Your documents can be asked"}
        </h2>
        {questions.length === 0 && (
          <Button size="sm" look="primary" asChild>
            <Link to="/ask">Ask a question</Link>
          </Button>
        )}
      </div>
      {questions.length > 0 && (
        <ul className="mt-1.5 grid gap-x-6 sm:grid-cols-2">
          {questions.map((question) => (
            <li key={question}>
              <Link
                to="/ask"
                search={{ question }}
                className="group flex items-center gap-1.5 py-1 text-accent hover:underline"
              >
                {question}
                <ArrowRight size={14} aria-hidden className="shrink-0" />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
