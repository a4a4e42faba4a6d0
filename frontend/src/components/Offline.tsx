import { WifiOff } from "lucide-react";
import { useOnline } from "@/lib/use-online";

/** Stands above a screen while there is no connection. */
export function Offline() {
  if (useOnline()) return null;
  return (
    <p
      role="status"
      className="flex items-center justify-center gap-2 bg-warn-soft px-4 py-1.5 text-sm text-warn"
    >
      <WifiOff size={14} aria-hidden /> You are offline. What you see may be old; nothing that you
      typed is lost.
    </p>
  );
}
