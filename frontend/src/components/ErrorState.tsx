import {
  Ban,
  CloudOff,
  FileQuestion,
  Hourglass,
  RotateCw,
  ServerCrash,
  TriangleAlert,
} from "lucide-react";
import { Button } from "@/components/Button";
import { isTransient, toProblem, type Problem } from "@/api/problem";
import { useCountdown } from "@/lib/use-countdown";

interface Face {
  icon: typeof Ban;
  title: string;
}

function faceOf({ status, title }: Problem): Face {
  if (status === 0) return { icon: CloudOff, title };
  if (status === 403) return { icon: Ban, title: "You may not see this" };
  if (status === 404) return { icon: FileQuestion, title: "Not found" };
  if (status === 429) return { icon: Hourglass, title: "A little too fast" };
  if (status === 503) return { icon: Hourglass, title: "A part of Assay is away" };
  if (status >= 500) return { icon: ServerCrash, title: "Something broke on our side" };
  return { icon: TriangleAlert, title };
}

interface ErrorStateProps {
  error: unknown;
  /** Fetches again; left out where that cannot help. */
  onRetry?: () => void;
}

/** What stands in the place of something that could not be fetched: why, and what to do. */
export function ErrorState({ error, onRetry }: ErrorStateProps) {
  const problem = toProblem(error);
  const { icon: Icon, title } = faceOf(problem);
  const helps = isTransient(error) || problem.status === 429 || problem.status === 500;
  return (
    <div
      role="alert"
      className="mx-auto flex max-w-md flex-col items-center px-6 py-16 text-center"
    >
      <span className="mb-4 grid size-11 place-items-center rounded-md bg-sunken text-muted">
        <Icon size={20} aria-hidden />
      </span>
      <h2 className="text-lg font-semibold">{title}</h2>
      <p className="mt-1 text-muted">{problem.message}</p>
      {onRetry && helps && (
        <div className="mt-5">
          {problem.retryAfter ? (
            <Waiting key={problem.requestId} seconds={problem.retryAfter} onRetry={onRetry} />
          ) : (
            <Button icon={RotateCw} onClick={onRetry}>
              Try again
            </Button>
          )}
        </div>
      )}
      {problem.requestId && problem.status >= 500 && (
        <p className="mt-4 text-xs text-muted">
          Tell support this number:{" "}
          <code className="font-mono select-all">{problem.requestId}</code>
        </p>
      )}
    </div>
  );
}

function Waiting({ seconds, onRetry }: { seconds: number; onRetry: () => void }) {
  const left = useCountdown(seconds, onRetry);
  return (
    <Button icon={RotateCw} onClick={onRetry} className="tabular-nums">
      {left > 0 ? `Trying again in ${left} s` : "Try again"}
    </Button>
  );
}
