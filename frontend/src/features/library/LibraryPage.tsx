import { FileStack } from "lucide-react";
import { EmptyState } from "@/components/EmptyState";
import { Page } from "@/components/Page";

export function LibraryPage() {
  return (
    <Page title="Library">
      <EmptyState icon={FileStack} title="No documents yet">
        Drop files here.
      </EmptyState>
    </Page>
  );
}
