import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Ellipsis, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { api, call } from "@/api/client";
import { Awaited } from "@/components/Awaited";
import { IconButton } from "@/components/Button";
import { ConfirmDialog, Dialog, DialogFooter } from "@/components/Dialog";
import { TextField } from "@/components/Field";
import { Form } from "@/components/Form";
import { Menu, MenuItem } from "@/components/Menu";
import { SkeletonRows } from "@/components/Skeleton";
import { formatAgo } from "@/lib/format";
import { conversationsQuery } from "./queries";
import { beginAnew } from "./thread";

interface Named {
  id: string;
  title: string;
}

/** What was asked before: to go on with, rename or delete. */
export function Conversations({ current }: { current: string | undefined }) {
  const list = useQuery(conversationsQuery);
  const client = useQueryClient();
  const navigate = useNavigate();
  const [renaming, setRenaming] = useState<Named | null>(null);
  const [deleting, setDeleting] = useState<Named | null>(null);
  const refetch = () => client.invalidateQueries({ queryKey: ["conversations"] });
  const rename = useMutation({
    meta: { quiet: true },
    mutationFn: ({ id, title }: Named) =>
      call(
        api.PATCH("/v1/conversations/{conversation_id}", {
          params: { path: { conversation_id: id } },
          body: { title },
        }),
      ),
    onSuccess: () => {
      setRenaming(null);
      return refetch();
    },
  });
  const remove = useMutation({
    meta: { quiet: true },
    mutationFn: ({ id }: Named) =>
      call(
        api.DELETE("/v1/conversations/{conversation_id}", {
          params: { path: { conversation_id: id } },
        }),
      ),
    onSuccess: async (_nothing, { id }) => {
      setDeleting(null);
      if (id === current) {
        beginAnew();
        await navigate({ to: "/ask" });
      }
      await refetch();
    },
  });

  if (!list.data) {
    return (
      <Awaited query={list}>
        <SkeletonRows rows={4} label="Fetching earlier conversations" />
      </Awaited>
    );
  }
  return (
    <>
      {list.data.items.length === 0 && <p className="text-muted">What you ask is kept here.</p>}
      <ul>
        {list.data.items.map(({ id, title, updated_at }) => (
          <li key={id} className="flex items-center rounded-md hover:bg-hover">
            <Link
              to="/ask/$conversationId"
              params={{ conversationId: id }}
              aria-current={id === current ? "page" : undefined}
              className="min-w-0 flex-1 rounded-md px-2 py-1.5 aria-[current=page]:font-medium"
            >
              <span className="block truncate">{title}</span>
              <span className="block text-xs text-muted">{formatAgo(updated_at)}</span>
            </Link>
            <Menu
              align="end"
              trigger={<IconButton icon={Ellipsis} size="sm" label={`More for ${title}`} />}
            >
              <MenuItem icon={Pencil} onSelect={() => setRenaming({ id, title })}>
                Rename
              </MenuItem>
              <MenuItem icon={Trash2} danger onSelect={() => setDeleting({ id, title })}>
                Delete
              </MenuItem>
            </Menu>
          </li>
        ))}
      </ul>
      <Dialog
        open={renaming !== null}
        onOpenChange={() => setRenaming(null)}
        title="Rename the conversation"
      >
        <Form
          error={rename.error}
          onSubmit={({ title = "" }) => {
            if (renaming) rename.mutate({ id: renaming.id, title });
          }}
        >
          <TextField label="Title" name="title" defaultValue={renaming?.title} required />
          <DialogFooter
            onCancel={() => setRenaming(null)}
            action="Rename"
            pending={rename.isPending}
          />
        </Form>
      </Dialog>
      <ConfirmDialog
        open={deleting !== null}
        onOpenChange={() => setDeleting(null)}
        title="Delete the conversation?"
        description={`“${deleting?.title ?? ""}” and its answers will be gone. The documents stay.`}
        action="Delete conversation"
        pending={remove.isPending}
        error={remove.error}
        onConfirm={() => {
          if (deleting) remove.mutate(deleting);
        }}
      />
    </>
  );
}
