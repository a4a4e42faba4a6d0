import { useMutation } from "@tanstack/react-query";
import { FileText, Sparkles, Upload } from "lucide-react";
import { useRef } from "react";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { SAMPLES, sampleFiles } from "./samples";

interface WelcomeProps {
  onFiles: (files: File[]) => void;
  mayAdd: boolean;
}

/** What an empty workspace shows: how it begins, with one's own files or with samples. */
export function Welcome({ onFiles, mayAdd }: WelcomeProps) {
  const input = useRef<HTMLInputElement>(null);
  const sampling = useMutation({ mutationFn: sampleFiles, onSuccess: onFiles });
  if (!mayAdd) {
    return (
      <EmptyState icon={FileText} title="There are no documents yet">
        Members of the workspace can add some; then you can ask them.
      </EmptyState>
    );
  }
  return (
    <div className="mx-auto w-full max-w-2xl overflow-y-auto py-6 sm:py-12">
      <h2 className="text-2xl font-semibold">Begin with a document</h2>
      <p className="mt-1.5 text-lg text-muted">
        Add what you want to ask about. Each answer will carry the page and the words it rests on.
      </p>
      <button
        type="button"
        onClick={() => input.current?.click()}
        className="mt-7 grid w-full place-items-center gap-1 rounded-lg border-2 border-dashed border-line-strong bg-surface px-6 py-12 text-center transition-colors hover:border-accent hover:bg-accent-soft"
      >
        <Upload size={24} aria-hidden className="mb-2 text-accent" />
        <span className="text-lg font-medium">Drop files or folders here, or choose files</span>
        <span className="text-muted">
          PDF, Word, PowerPoint, Excel, e-mail, web pages, text, tables and pictures of text
        </span>
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to upload"
        onChange={(event) => onFiles([...(event.currentTarget.files ?? [])])}
      />
      <section className="mt-8 rounded-lg border border-line bg-surface p-5">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <div>
            <h3 className="font-semibold">Nothing at hand?</h3>
            <p className="text-muted">
              Take four short documents of a company that does not exist.
            </p>
          </div>
          <Button icon={Sparkles} pending={sampling.isPending} onClick={() => sampling.mutate()}>
            Load the samples
          </Button>
        </div>
        <ul className="mt-4 grid gap-x-6 gap-y-1.5 sm:grid-cols-2">
          {SAMPLES.map(({ path, name, about }) => (
            <li key={path} className="flex min-w-0 items-baseline gap-2">
              <FileText size={14} aria-hidden className="shrink-0 translate-y-0.5 text-faint" />
              <span className="min-w-0">
                <span className="block truncate">{name}</span>
                <span className="block text-sm text-muted">{about}</span>
              </span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
