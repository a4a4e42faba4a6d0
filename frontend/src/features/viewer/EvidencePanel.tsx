import { useRouterState } from "@tanstack/react-router";
import { Dialog as Radix } from "radix-ui";
import { lazy, Suspense, useEffect, useEffectEvent, useRef, useSyncExternalStore } from "react";
import { SkeletonRows } from "@/components/Skeleton";
import { useStore } from "@/lib/store";
import { closeEvidence, evidence, type Evidence } from "./evidence";

const DocumentView = lazy(() => import("./DocumentView"));
const wide = matchMedia("(min-width: 80rem)");

/** The document that `openEvidence` named: beside the page where there is room, else over it. */
export function EvidencePanel() {
  const place = useStore(evidence);
  const beside = useSyncExternalStore(
    (changed) => {
      wide.addEventListener("change", changed);
      return () => wide.removeEventListener("change", changed);
    },
    () => wide.matches,
  );
  // Within a feature the panel stays: a new conversation gets its address while one reads.
  const feature = useRouterState({ select: (state) => state.location.pathname.split("/")[1] });
  const shownIn = useRef(feature);
  useEffect(() => {
    if (shownIn.current !== feature) closeEvidence();
    shownIn.current = feature;
  }, [feature]);

  if (!place) return null;
  return beside ? <Beside place={place} /> : <Over place={place} />;
}

function Beside({ place }: { place: Evidence }) {
  const frame = useRef<HTMLElement>(null);
  const opener = useRef<Element | null>(null);
  const leave = useEffectEvent(() => {
    if (opener.current instanceof HTMLElement) opener.current.focus();
  });
  useEffect(() => {
    opener.current = document.activeElement;
    frame.current?.focus();
    return () => leave();
  }, []);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- Escape closes it, as it does what lies over the page
    <section
      ref={frame}
      tabIndex={-1}
      aria-label="Document"
      onKeyDown={(event) => {
        if (event.key === "Escape" && !event.defaultPrevented) closeEvidence();
      }}
      className="w-[46%] max-w-4xl shrink-0 border-l border-line bg-surface outline-none"
    >
      <View place={place} />
    </section>
  );
}

function Over({ place }: { place: Evidence }) {
  return (
    <Radix.Root open onOpenChange={closeEvidence}>
      <Radix.Portal>
        <Radix.Content
          aria-describedby={undefined}
          tabIndex={-1}
          onOpenAutoFocus={(event) => {
            // Not its first button: its tooltip would cover the document.
            event.preventDefault();
            if (event.currentTarget instanceof HTMLElement) event.currentTarget.focus();
          }}
          className="fixed inset-0 z-40 animate-appear bg-surface outline-none"
        >
          <Radix.Title className="sr-only">Document</Radix.Title>
          <View place={place} />
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

function View({ place }: { place: Evidence }) {
  return (
    <Suspense fallback={<SkeletonRows label="Opening the document" />}>
      <DocumentView
        key={`${place.documentId} ${place.page} ${place.start} ${place.end}`}
        place={place}
        onClose={closeEvidence}
      />
    </Suspense>
  );
}
