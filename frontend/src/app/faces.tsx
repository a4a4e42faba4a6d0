import type { ReactElement } from "react";
import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { FileQuestion, RotateCw, Unplug } from "lucide-react";
import { Problem } from "@/api/problem";
import { Button } from "@/components/Button";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { useTitle } from "@/components/Page";

export function NotFound(): ReactElement {
  useTitle("Not found");
  return (
    <main className="grid h-full place-items-center">
      <EmptyState
        icon={FileQuestion}
        level={1}
        title="There is no such page"
        action={
          <Button look="primary" asChild>
            <Link to="/">Go to your workspace</Link>
          </Button>
        }
      >
        The address may be mistyped, or what it led to was deleted.
      </EmptyState>
    </main>
  );
}

/** A page that could not be shown: its data, its code, or a fault in it. */
export function PageFault({ error }: ErrorComponentProps): ReactElement {
  const router = useRouter();
  if (error instanceof Problem) {
    return <ErrorState error={error} onRetry={() => void router.invalidate()} />;
  }
  if (isMissingCode(error)) {
    return (
      <EmptyState
        icon={Unplug}
        title="This page could not be loaded"
        action={
          <Button icon={RotateCw} onClick={() => location.reload()}>
            Load again
          </Button>
        }
      >
        Assay was renewed in the meantime, or the connection failed.
      </EmptyState>
    );
  }
  return <ErrorState error={error} />;
}

/** A new version replaces its files: a page that is open asks for names that are gone. */
function isMissingCode(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /dynamically imported module|Importing a module script failed|preload/i.test(
    error.message,
  );
}
