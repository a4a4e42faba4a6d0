import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { BookOpen, Download, MessageSquareText, RotateCw, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { api, call } from "@/api/client";
import { collectionsQuery } from "@/api/collections";
import { documentQuery, noteDocuments } from "@/api/documents";
import { download } from "@/api/download";
import { useMay } from "@/api/me";
import type { Document } from "@/api/types";
import { Awaited } from "@/components/Awaited";
import { Button } from "@/components/Button";
import { Sheet } from "@/components/Dialog";
import { Notice } from "@/components/Notice";
import { Skeleton } from "@/components/Skeleton";
import { formatBytes, formatDateTime, formatNumber } from "@/lib/format";
import { kindName, StatusBadge } from "./marks";

interface DocumentDetailsProps {
  id: string;
  onClose: () => void;
  onDelete: (document: Document) => void;
}

export function DocumentDetails({ id, onClose, onDelete }: DocumentDetailsProps) {
  const found = useQuery(documentQuery(id));
  const document = found.data;
  return (
    <Sheet open onOpenChange={onClose} title={document?.name ?? "Document"}>
      {document ? (
        <Details document={document} onDelete={onDelete} />
      ) : (
        <Awaited query={found}>
          <Skeleton className="h-40" />
        </Awaited>
      )}
    </Sheet>
  );
}

function Details({
  document,
  onDelete,
}: {
  document: Document;
  onDelete: (document: Document) => void;
}) {
  const { data: collections } = useQuery(collectionsQuery);
  const mayChange = useMay("member");
  const saving = useMutation({
    mutationFn: () => download(`/v1/documents/${document.id}/content`, document.name),
  });
  const retrying = useRetry();
  const collection = collections?.find(({ id }) => id === document.collection_id);
  return (
    <div className="grid gap-5">
      <StatusBadge document={document} />
      {document.error && (
        <Notice
          tone="danger"
          title="It could not be read"
          action={
            mayChange && (
              <Button
                size="sm"
                icon={RotateCw}
                pending={retrying.isPending}
                onClick={() => retrying.mutate(document.id)}
              >
                Try again
              </Button>
            )
          }
        >
          {document.error.message}
        </Notice>
      )}
      <dl className="grid grid-cols-[7rem_1fr] gap-y-2.5">
        <Fact name="Kind">{kindName(document.mime_type)}</Fact>
        <Fact name="Size">{formatBytes(document.size_bytes)}</Fact>
        <Fact name="Pages">
          {document.pages === null ? "not known yet" : formatNumber(document.pages)}
        </Fact>
        <Fact name="Passages">
          {document.passages === null ? "not known yet" : formatNumber(document.passages)}
        </Fact>
        <Fact name="Collection">{collection?.name ?? "none"}</Fact>
        <Fact name="Added">{formatDateTime(document.created_at)}</Fact>
        <Fact name="SHA-256">
          <code className="font-mono text-xs break-all select-all">{document.sha256}</code>
        </Fact>
      </dl>
      <div className="flex flex-wrap gap-2 border-t border-line pt-5">
        {document.status === "ready" && (
          <>
            <Button look="primary" asChild>
              <Link to="/documents/$documentId" params={{ documentId: document.id }}>
                <BookOpen size={16} aria-hidden /> Open
              </Link>
            </Button>
            <Button asChild>
              <Link to="/ask" search={{ document: document.id }}>
                <MessageSquareText size={16} aria-hidden /> Ask about it
              </Link>
            </Button>
          </>
        )}
        <Button icon={Download} pending={saving.isPending} onClick={() => saving.mutate()}>
          Download
        </Button>
        {mayChange && (
          <Button icon={Trash2} onClick={() => onDelete(document)}>
            Delete
          </Button>
        )}
      </div>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

/** Has a failed document read again. */
export function useRetry() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      call(
        api.POST("/v1/documents/{document_id}/retry", { params: { path: { document_id: id } } }),
      ),
    onSuccess: (document) => noteDocuments(client, [document]),
  });
}
