import { Link, useParams, useSearch } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { Button } from "@/components/Button";
import { useTitle } from "@/components/Page";
import DocumentView from "./DocumentView";

/** A document by itself; the address names the place. */
export function DocumentPage() {
  const { documentId } = useParams({ from: "/inside/documents/$documentId" });
  const { page = 1, start, end } = useSearch({ from: "/inside/documents/$documentId" });
  useTitle("Document");
  return (
    <DocumentView
      key={`${documentId} ${page} ${start} ${end}`}
      place={{ documentId, page, start, end }}
      back={
        <Button asChild look="ghost" size="sm">
          <Link to="/library">
            <ChevronLeft size={15} aria-hidden />
            Library
          </Link>
        </Button>
      }
    />
  );
}
