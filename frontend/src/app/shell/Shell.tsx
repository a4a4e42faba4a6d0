import { Outlet, useRouterState } from "@tanstack/react-router";
import { Menu as MenuIcon } from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useDocumentEvents } from "@/api/document-events";
import { IconButton } from "@/components/Button";
import { Drawer } from "@/components/Dialog";
import { Logo } from "@/components/Logo";
import { Offline } from "@/components/Offline";
import { useShortcut } from "@/lib/shortcuts";
import { useMedia } from "@/lib/use-media";
import { EvidencePanel } from "@/features/viewer";
import { Sidebar } from "@/app/shell/Sidebar";
import { useUploading } from "@/features/library";

const CommandPalette = lazy(() => import("@/app/shell/CommandPalette"));
const UploadTray = lazy(() => import("@/features/library/UploadTray"));

/** Tailwind's `lg`, from which on the navigation stands beside the screen. */
const WIDE = "(min-width: 64rem)";

/** The frame around every screen behind the sign-in. */
export function Shell() {
  const [drawer, setDrawer] = useState(false);
  const [palette, setPalette] = useState(false);
  useDocumentEvents();
  const uploading = useUploading();
  useShortcut("mod+k", () => setPalette(true));
  const path = useRouterState({ select: (state) => state.location.pathname });
  const main = useRef<HTMLElement>(null);
  const wide = useMedia(WIDE);

  return (
    <div className="flex h-full flex-col lg:flex-row">
      <a
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
        className="sr-only z-50 rounded-md bg-raised px-3 py-2 shadow-overlay focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      {wide && (
        <aside className="w-60 shrink-0 border-r border-line bg-sunken">
          <Sidebar onSearch={() => setPalette(true)} />
        </aside>
      )}
      <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line bg-sunken px-2 lg:hidden">
        <IconButton icon={MenuIcon} label="Open the navigation" onClick={() => setDrawer(true)} />
        <Logo size={22} />
      </header>
      <Drawer open={drawer && !wide} onOpenChange={setDrawer} title="Navigation">
        <Sidebar
          onSearch={() => {
            setDrawer(false);
            setPalette(true);
          }}
          onGo={() => setDrawer(false)}
        />
      </Drawer>
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <Offline />
        <main
          id="main"
          ref={main}
          tabIndex={-1}
          className="min-h-0 flex-1 overflow-y-auto outline-none"
        >
          <Outlet />
        </main>
      </div>
      <EvidencePanel />
      <Announcer path={path} />
      {uploading && (
        <Suspense>
          <UploadTray />
        </Suspense>
      )}
      {palette && (
        <Suspense>
          <CommandPalette onClose={() => setPalette(false)} />
        </Suspense>
      )}
    </div>
  );
}

/** Tells readers that another screen is there; a full page load would do so by itself. */
function Announcer({ path }: { path: string }) {
  const [title, setTitle] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setTitle(document.title), 300);
    return () => clearTimeout(timer);
  }, [path]);
  return (
    <p aria-live="polite" className="sr-only">
      {title}
    </p>
  );
}
