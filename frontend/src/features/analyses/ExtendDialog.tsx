import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, call } from "@/api/client";
import type { Analysis } from "@/api/types";
import { Button } from "@/components/Button";
import { Dialog, DialogFooter } from "@/components/Dialog";
import { Notice } from "@/components/Notice";
import { toast } from "@/components/toast";
import { DocumentPicker, type Picked } from "./DocumentPicker";

/** Asks the same of further documents; those that are through stay as they are. */
export function ExtendDialog({ analysis, onClose }: { analysis: Analysis; onClose: () => void }) {
  const client = useQueryClient();
  const [picked, setPicked] = useState<readonly Picked[]>([]);
  const extending = useMutation({
    meta: { quiet: true },
    mutationFn: (ids: string[] | null) =>
      call(
        api.POST("/v1/analyses/{analysis_id}/extend", {
          params: { path: { analysis_id: analysis.id } },
          body: ids ? { document_ids: ids } : {},
        }),
      ),
    onSuccess: (after) => {
      const added = after.progress.total - analysis.progress.total;
      toast(added === 1 ? "One document was added" : `${added} documents were added`, {
        tone: "ok",
      });
      onClose();
      return client.invalidateQueries({ queryKey: ["analyses"] });
    },
  });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      width="lg"
      title="Add documents"
      description="They are asked the same. What is there already is neither asked nor paid for again."
    >
      <div className="grid gap-4">
        {analysis.collection_id !== null && (
          <div className="flex flex-wrap items-center justify-between gap-3 rounded-md bg-sunken p-3">
            <p>Those that joined the collection since</p>
            <Button
              look="primary"
              size="sm"
              pending={extending.isPending && extending.variables === null}
              onClick={() => extending.mutate(null)}
            >
              Add what is new
            </Button>
          </div>
        )}
        <DocumentPicker picked={picked} onChange={setPicked} />
        {extending.error && <Notice tone="danger" problem={extending.error} />}
      </div>
      <DialogFooter
        onCancel={onClose}
        action="Add the picked documents"
        disabled={picked.length === 0}
        pending={extending.isPending && extending.variables !== null}
        onAct={() => extending.mutate(picked.map(({ id }) => id))}
      />
    </Dialog>
  );
}
