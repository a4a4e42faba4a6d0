import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronDown, ChevronUp, CircleCheck, CircleX, Copy, RotateCw, X } from "lucide-react";
import { useEffect, useState } from "react";
import { documentQuery } from "@/api/documents";
import type { Document } from "@/api/types";
import { IconButton } from "@/components/Button";
import { Progress } from "@/components/Progress";
import { Spinner } from "@/components/Spinner";
import { formatBytes, formatCount } from "@/lib/format";
import { useStore } from "@/lib/store";
import { useCountdown } from "@/lib/use-countdown";
import { clearUploads, retryUpload, uploads, uploadsHeld, type Upload } from "./uploads";

/** In the corner on every screen: how far each file is, from the first byte until it can be asked. */
export default function UploadTray() {
  const all = useStore(uploads);
  // On a phone it would cover what it tells about.
  const [open, setOpen] = useState(() => matchMedia("(min-width: 40rem)").matches);
  const busy = all.some(({ state }) => state === "waiting" || state === "sending");
  useLeaveWarning(busy);
  return (
    <section
      aria-label="Uploads"
      className="fixed right-0 bottom-0 z-30 w-full animate-rise overflow-hidden bg-raised shadow-overlay sm:right-4 sm:bottom-4 sm:w-96 sm:rounded-lg"
    >
      <div className="flex items-center gap-1 border-b border-line py-2 pr-2 pl-4">
        <h2 className="flex-1 font-medium" aria-live="polite">
          {headline(all)}
        </h2>
        <IconButton
          icon={open ? ChevronDown : ChevronUp}
          label={open ? "Fold the uploads" : "Show the uploads"}
          size="sm"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        />
        {!busy && (
          <IconButton icon={X} label="Close the uploads" size="sm" onClick={clearUploads} />
        )}
      </div>
      <Held />
      {open && (
        <div
          role="region"
          aria-label="Files"
          tabIndex={0}
          className="max-h-72 overflow-y-auto -outline-offset-2"
        >
          <ul>
            {inOrder(all).map((upload) => (
              <Row key={upload.id} upload={upload} />
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}

/** What failed first: it is what there is to do. */
function inOrder(all: readonly Upload[]): readonly Upload[] {
  return all.toSorted((a, b) => Number(b.state === "failed") - Number(a.state === "failed"));
}

function headline(all: readonly Upload[]): string {
  const sent = all.filter((each) => each.state === "sent").length;
  const failed = all.filter((each) => each.state === "failed").length;
  if (sent + failed < all.length) return `Uploading ${sent + failed + 1} of ${all.length}`;
  if (failed === 0) return `${formatCount(sent, "file")} uploaded`;
  return `${sent} uploaded, ${failed} not`;
}

function Held() {
  const held = useStore(uploadsHeld);
  return held && <Countdown key={held.since} seconds={held.seconds} />;
}

function Countdown({ seconds }: { seconds: number }) {
  const left = useCountdown(seconds);
  return (
    <p role="status" className="bg-warn-soft px-4 py-1.5 text-sm text-warn tabular-nums">
      Waiting for the server; goes on in {left} s.
    </p>
  );
}

function Row({ upload }: { upload: Upload }) {
  const client = useQueryClient();
  const { file, state, progress, problem } = upload;
  return (
    <li className="px-4 py-2.5 [contain-intrinsic-height:auto_52px] [content-visibility:auto] not-last:border-b not-last:border-line">
      <div className="flex items-center gap-2">
        <p className="min-w-0 flex-1 truncate">{file.name}</p>
        <span className="text-sm text-muted tabular-nums">{formatBytes(file.size)}</span>
        <State upload={upload} />
        {state === "failed" && file.size > 0 && (
          <IconButton
            icon={RotateCw}
            label={`Upload ${file.name} again`}
            size="sm"
            onClick={() => retryUpload(client, upload.id)}
          />
        )}
      </div>
      {state === "sending" && (
        <Progress value={progress} label={`Uploading ${file.name}`} className="mt-1.5" />
      )}
      {problem && <p className="mt-0.5 text-sm text-danger">{problem.message}</p>}
      {upload.document && <Reading sent={upload.document} />}
    </li>
  );
}

function State({ upload }: { upload: Upload }) {
  if (upload.state === "failed")
    return <CircleX size={16} className="text-danger" aria-label="Failed" />;
  if (upload.state === "sending") return <Spinner />;
  if (upload.state === "waiting") return <span className="text-sm text-muted">waiting</span>;
  return null;
}

/** The document's own progress, as the stream of events tells it. */
function Reading({ sent }: { sent: Document }) {
  const { data: document = sent } = useQuery({ ...documentQuery(sent.id), enabled: false });
  if (sent.duplicate) {
    return (
      <p className="flex items-center gap-1.5 text-sm text-muted">
        <Copy size={13} aria-hidden /> It was here already.
      </p>
    );
  }
  if (document.status === "ready") {
    return (
      <p className="flex items-center gap-1.5 text-sm text-ok">
        <CircleCheck size={13} aria-hidden /> Ready
      </p>
    );
  }
  if (document.status === "failed")
    return <p className="text-sm text-danger">{document.error?.message}</p>;
  const label = document.stage === "queued" ? "Waiting to be read" : "Reading";
  return (
    <div className="mt-1 grid gap-1">
      <p className="text-sm text-muted">{label}</p>
      <Progress
        value={document.stage === "queued" ? null : document.progress}
        label={`${label}: ${document.name}`}
      />
    </div>
  );
}

function useLeaveWarning(busy: boolean): void {
  useEffect(() => {
    if (!busy) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [busy]);
}
