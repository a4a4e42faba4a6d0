import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "@/api/client";
import { collectionsQuery } from "@/api/collections";
import { forgetDocuments } from "@/api/documents";
import { Problem } from "@/api/problem";
import { ConfirmDialog } from "@/components/Dialog";
import { toast } from "@/components/toast";
import { formatCount } from "@/lib/format";

const AT_ONCE = 4;

interface DeleteDocumentsProps {
  ids: readonly string[];
  /** The name of the only one. */
  name?: string | undefined;
  onClose: () => void;
  onDone: () => void;
}

/** Asks, then deletes one after another; what fails stays and is told. */
export function DeleteDocuments({ ids, name, onClose, onDone }: DeleteDocumentsProps) {
  const client = useQueryClient();
  const [done, setDone] = useState(0);
  const what = name === undefined ? formatCount(ids.length, "document") : `“${name}”`;
  const deleting = useMutation({
    mutationFn: () => deleteAll(ids, (count) => setDone(count)),
    meta: { quiet: true },
    onSettled: async (deleted) => {
      if (deleted) forgetDocuments(client, deleted.ids);
      await client.invalidateQueries({ queryKey: collectionsQuery.queryKey });
    },
    onSuccess: ({ problem }) => {
      if (problem) return;
      toast(`${what} deleted`, { tone: "ok" });
      onDone();
    },
  });
  const counting = deleting.isPending && ids.length > 1 ? ` (${done} of ${ids.length})` : "";
  return (
    <ConfirmDialog
      open
      onOpenChange={() => {
        if (!deleting.isPending) onClose();
      }}
      title={`Delete ${what}?`}
      description="The files, their text and what was indexed of them are gone for good. Answers that quote them keep their quotes."
      action={
        deleting.isPending ? `Deleting${counting}` : `Delete ${name === undefined ? what : "it"}`
      }
      pending={deleting.isPending}
      error={deleting.error ?? deleting.data?.problem ?? null}
      onConfirm={() => deleting.mutate()}
    />
  );
}

interface Deleted {
  ids: ReadonlySet<string>;
  /** Why the rest is still there. */
  problem: Problem | null;
}

async function deleteAll(ids: readonly string[], tell: (count: number) => void): Promise<Deleted> {
  const gone = new Set<string>();
  const waiting = [...ids];
  let problem: Problem | null = null;
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined && !problem; id = waiting.shift()) {
      try {
        await deleteOne(id);
        gone.add(id);
        tell(gone.size);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        problem = error;
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { ids: gone, problem };
}

/** Deletes a document; one that is gone already counts. Waits where a limit asks for it. */
async function deleteOne(id: string): Promise<void> {
  for (;;) {
    try {
      await call(
        api.DELETE("/v1/documents/{document_id}", { params: { path: { document_id: id } } }),
      );
      return;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (error.status === 404) return;
      if (error.status !== 429) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * (error.retryAfter ?? 5)));
    }
  }
}
