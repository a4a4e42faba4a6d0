import {
  Braces,
  CircleCheck,
  CircleX,
  Clock,
  File,
  FileImage,
  FileText,
  LoaderCircle,
  Mail,
  Presentation,
  Sheet,
  type LucideIcon,
} from "lucide-react";
import type { Document } from "@/api/types";
import { Badge } from "@/components/Badge";
import { Progress } from "@/components/Progress";
import { formatPercent } from "@/lib/format";

interface Kind {
  pattern: RegExp;
  icon: LucideIcon;
  name: string;
}

// In this order: the names of Office's formats hold `xml`, and `document`, too.
const KINDS: readonly Kind[] = [
  { pattern: /sheet|excel/, icon: Sheet, name: "Excel table" },
  { pattern: /csv|tab-separated/, icon: Sheet, name: "Table as text" },
  { pattern: /presentation|powerpoint/, icon: Presentation, name: "PowerPoint presentation" },
  { pattern: /wordprocessing|msword/, icon: FileText, name: "Word document" },
  { pattern: /pdf/, icon: FileText, name: "PDF" },
  { pattern: /opendocument/, icon: FileText, name: "OpenDocument text" },
  { pattern: /rtf/, icon: FileText, name: "Rich text" },
  { pattern: /epub/, icon: FileText, name: "Book (EPUB)" },
  { pattern: /rfc822|outlook/, icon: Mail, name: "E-mail" },
  { pattern: /svg|mxfile/, icon: FileImage, name: "Drawing" },
  { pattern: /^image\//, icon: FileImage, name: "Picture" },
  { pattern: /html/, icon: FileText, name: "Web page" },
  { pattern: /markdown/, icon: FileText, name: "Markdown" },
  { pattern: /notebook/, icon: Braces, name: "Notebook" },
  { pattern: /json/, icon: Braces, name: "JSON" },
  { pattern: /xml/, icon: Braces, name: "XML" },
  { pattern: /text/, icon: FileText, name: "Text" },
];

function kindOf(type: string): Kind | undefined {
  return KINDS.find(({ pattern }) => pattern.test(type));
}

/** What people call a MIME type. */
export function kindName(type: string): string {
  return kindOf(type)?.name ?? type;
}

export function DocumentIcon({ type, size = 18 }: { type: string; size?: number }) {
  const Icon = kindOf(type)?.icon ?? File;
  return <Icon size={size} strokeWidth={1.6} aria-hidden className="shrink-0 text-faint" />;
}

const STAGES: Readonly<Record<Document["stage"], string>> = {
  queued: "Waiting",
  reading: "Reading",
  indexing: "Indexing",
  done: "Done",
};

/** What can be done with a document; while it is being read, how far that is. */
export function StatusBadge({ document }: { document: Document }) {
  switch (document.status) {
    case "ready":
      return (
        <Badge tone="ok" icon={CircleCheck}>
          Ready
        </Badge>
      );
    case "failed":
      return (
        <Badge tone="danger" icon={CircleX}>
          Failed
        </Badge>
      );
    case "queued":
      return <Badge icon={Clock}>Waiting</Badge>;
    case "processing":
      return (
        <span className="grid w-24 gap-1">
          <span className="flex justify-between text-xs text-muted tabular-nums">
            <span className="inline-flex items-center gap-1">
              <LoaderCircle size={11} aria-hidden className="animate-spin" />
              {STAGES[document.stage]}
            </span>
            <span>{formatPercent(document.progress)}</span>
          </span>
          <Progress
            value={document.progress}
            label={`${STAGES[document.stage]} ${document.name}`}
          />
        </span>
      );
  }
}
