import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, call } from "@/api/client";
import { collectionsQuery } from "@/api/collections";
import type { Collection } from "@/api/types";
import { ConfirmDialog, Dialog, DialogFooter } from "@/components/Dialog";
import { TextArea, TextField } from "@/components/Field";
import { Form } from "@/components/Form";
import { toast } from "@/components/toast";

interface CollectionDialogProps {
  /** What is changed; a new one without. */
  collection?: Collection;
  onClose: () => void;
  onDone: (collection: Collection) => void;
}

export function CollectionDialog({ collection, onClose, onDone }: CollectionDialogProps) {
  const client = useQueryClient();
  const saving = useMutation({
    mutationFn: (body: { name: string; description: string }) =>
      collection
        ? call(
            api.PATCH("/v1/collections/{collection_id}", {
              params: { path: { collection_id: collection.id } },
              body,
            }),
          )
        : call(api.POST("/v1/collections", { body })),
    meta: { quiet: true },
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: collectionsQuery.queryKey });
      onDone(saved);
    },
  });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={collection ? "Change the collection" : "New collection"}
      description="Questions, searches and analyses can be held to one collection."
    >
      <Form
        error={saving.error}
        onSubmit={({ name = "", description = "" }) => saving.mutate({ name, description })}
      >
        <div className="grid gap-4">
          <TextField
            label="Name"
            name="name"
            defaultValue={collection?.name}
            required
            maxLength={200}
          />
          <TextArea
            label="Description"
            name="description"
            hint="For your team. It may stay empty."
            defaultValue={collection?.description}
            maxLength={2000}
          />
        </div>
        <DialogFooter
          onCancel={onClose}
          action={collection ? "Save the changes" : "Create the collection"}
          pending={saving.isPending}
        />
      </Form>
    </Dialog>
  );
}

interface DeleteCollectionProps {
  collection: Collection;
  onClose: () => void;
  onDone: () => void;
}

export function DeleteCollection({ collection, onClose, onDone }: DeleteCollectionProps) {
  const client = useQueryClient();
  const deleting = useMutation({
    mutationFn: () =>
      call(
        api.DELETE("/v1/collections/{collection_id}", {
          params: { path: { collection_id: collection.id } },
        }),
      ),
    meta: { quiet: true },
    onSuccess: async () => {
      onDone();
      toast(`“${collection.name}” is deleted`, { tone: "ok" });
      await client.invalidateQueries({ queryKey: collectionsQuery.queryKey });
    },
  });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={`Delete “${collection.name}”?`}
      description="Only an empty collection can be deleted; delete its documents first."
      action="Delete the collection"
      pending={deleting.isPending}
      error={deleting.error}
      onConfirm={() => deleting.mutate()}
    />
  );
}
