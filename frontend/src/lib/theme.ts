import { createStore, useStore } from "@/lib/store";

export type Theme = "system" | "light" | "dark";

/** Read before the first paint by `public/theme.js`. */
const KEY = "assay.theme";

const theme = createStore<Theme>(
  (document.documentElement.dataset.theme as Theme | undefined) ?? "system",
);

export function useTheme(): Theme {
  return useStore(theme);
}

export function setTheme(next: Theme): void {
  const root = document.documentElement;
  if (next === "system") delete root.dataset.theme;
  else root.dataset.theme = next;
  theme.set(next);
  try {
    if (next === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Storage is forbidden here; the choice holds until the page is closed.
  }
}
