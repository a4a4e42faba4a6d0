import { isMac } from "@/lib/shortcuts";

const NAMES: Readonly<Record<string, string>> = {
  mod: isMac ? "⌘" : "Ctrl",
  enter: "↵",
  escape: "Esc",
};

/** The keys of a shortcut as `useShortcut` takes them: `mod+k`, `g l`. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <span className="inline-flex gap-1">
      {keys.split(/[+ ]/).map((key, at) => (
        <kbd
          key={`${key}${at}`}
          className="grid h-5 min-w-5 place-items-center rounded-sm border border-line bg-canvas px-1 font-sans text-xs text-muted"
        >
          {NAMES[key] ?? key.toUpperCase()}
        </kbd>
      ))}
    </span>
  );
}
