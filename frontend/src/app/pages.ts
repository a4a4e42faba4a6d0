import { lazyRouteComponent } from "@tanstack/react-router";
import type { ComponentType } from "react";

const FILES = import.meta.glob<Record<string, ComponentType>>("../features/*/*Page.tsx");

/** The frame of the screens: who is not signed in need not fetch it. */
export function shell() {
  const load: () => Promise<{ Shell: ComponentType }> = () => import("@/app/shell/Shell");
  return lazyRouteComponent(load, "Shell");
}

/**
 * The screen `feature/NamePage`, in a chunk of its own. By name rather than by `import()`: the types
 * of routes must not depend on screens, whose types depend on routes.
 */
export function page(name: `${string}/${string}Page`) {
  const load = FILES[`../features/${name}.tsx`];
  if (!load) throw new Error(`There is no src/features/${name}.tsx`);
  return lazyRouteComponent(load, name.slice(name.indexOf("/") + 1));
}
