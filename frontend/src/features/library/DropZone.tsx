import { Upload } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { Button } from "@/components/Button";
import { cx } from "@/lib/cx";
import { droppedFiles } from "./dropped";

interface DropZoneProps {
  onFiles: (files: File[]) => void;
  children: ReactNode;
  /** Where the files go, in the words over the page while they hang above it. */
  target: string;
  disabled?: boolean;
  className?: string;
}

/** Takes files that are dropped anywhere on what it holds. */
export function DropZone({
  onFiles,
  children,
  target,
  disabled = false,
  className,
}: DropZoneProps) {
  const [over, setOver] = useState(false);
  if (disabled) return <div className={className}>{children}</div>;
  const holdsFiles = (event: React.DragEvent) => event.dataTransfer.types.includes("Files");
  return (
    // Dropping is for the pointer; the keyboard has the button that chooses files.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className={cx("relative", className)}
      onDragEnter={(event) => {
        if (holdsFiles(event)) setOver(true);
      }}
      onDragOver={(event) => {
        if (holdsFiles(event)) event.preventDefault();
      }}
      onDragLeave={(event) => {
        // Leaving for a child is no leaving.
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={(event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        setOver(false);
        void droppedFiles(event.dataTransfer).then(onFiles);
      }}
    >
      {children}
      {over && (
        <div className="pointer-events-none absolute inset-2 z-30 grid animate-appear place-items-center rounded-lg border-2 border-dashed border-accent bg-accent-soft/90">
          <p className="flex items-center gap-2 text-lg font-medium text-accent">
            <Upload size={20} aria-hidden /> Drop to add to {target}
          </p>
        </div>
      )}
    </div>
  );
}

interface FileButtonProps {
  onFiles: (files: File[]) => void;
  look?: "primary" | "secondary";
  size?: "md" | "lg";
  children: ReactNode;
}

export function FileButton({ onFiles, look = "primary", size = "md", children }: FileButtonProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button look={look} size={size} icon={Upload} onClick={() => input.current?.click()}>
        {children}
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to upload"
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          // The same file can be chosen again.
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
