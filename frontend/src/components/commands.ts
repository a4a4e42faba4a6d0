import type { LucideIcon } from "lucide-react";
import { useEffect } from "react";
import { createStore } from "@/lib/store";

/** Something to do from anywhere by its name, in the command palette. */
export interface Command {
  label: string;
  icon: LucideIcon;
  /** Shown beside it; `useShortcut` makes it work. */
  keys?: string;
  act: () => void;
}

export const commands = createStore<readonly (readonly Command[])[]>([]);

/** Offers commands while the component is there. Keep the array stable (`useMemo`). */
export function useCommands(offered: readonly Command[]): void {
  useEffect(() => {
    commands.set((all) => [...all, offered]);
    return () => commands.set((all) => all.filter((each) => each !== offered));
  }, [offered]);
}
