import { useEffect, useEffectEvent } from "react";

export const isMac = /Mac|iP(hone|ad|od)/.test(navigator.userAgent);

const CHORD_MS = 1000;
let first: { key: string; at: number } | null = null;

/**
 * Runs `act` for `mod+k` (⌘ or Ctrl), a single key such as `/`, or two in turn such as `g l`.
 * Plain keys mean nothing while a person types or a dialog is open.
 */
export function useShortcut(keys: string, act: () => void): void {
  const run = useEffectEvent(act);
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || !matches(keys, event)) return;
      event.preventDefault();
      run();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [keys]);
}

function matches(keys: string, event: KeyboardEvent): boolean {
  if (keys.startsWith("mod+")) {
    const held = isMac ? event.metaKey : event.ctrlKey;
    return held && !event.altKey && event.key.toLowerCase() === keys.slice(4);
  }
  if (event.metaKey || event.ctrlKey || event.altKey || busy(event.target)) return false;
  const [before, key] = keys.includes(" ") ? keys.split(" ") : [null, keys];
  if (event.key !== key) return false;
  return before === null || (first?.key === before && event.timeStamp - first.at < CHORD_MS);
}

function busy(target: EventTarget | null): boolean {
  if (document.querySelector("[role=dialog],[role=alertdialog],[role=menu]")) return true;
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

// After every other listener: a chord's second key must not be taken for its first.
window.addEventListener("keyup", (event) => {
  first = { key: event.key, at: event.timeStamp };
});
