import { createStore } from "@/lib/store";

export interface Toast {
  id: number;
  title: string;
  detail?: string;
  tone: "neutral" | "ok" | "danger";
  action?: { label: string; act: () => void };
  /** Called when it goes without its action having been taken: what could be undone is now done. */
  onGone?: () => void;
}

export const toasts = createStore<readonly Toast[]>([]);
const MOST = 3;
let last = 0;

/** Says what has happened, for some seconds, in the corner. */
export function toast(title: string, more: Partial<Omit<Toast, "id" | "title">> = {}): number {
  last += 1;
  const next: Toast = { tone: "neutral", ...more, id: last, title };
  const before = toasts.get();
  for (const old of before.slice(0, Math.max(0, before.length + 1 - MOST))) dismissToast(old.id);
  toasts.set((shown) => [...shown, next]);
  return next.id;
}

export function dismissToast(id: number, { acted = false } = {}): void {
  const gone = toasts.get().find((each) => each.id === id);
  toasts.set((shown) => shown.filter((each) => each.id !== id));
  if (gone && !acted) gone.onGone?.();
}
