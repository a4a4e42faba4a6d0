import { Slot } from "radix-ui";
import { useLayoutEffect, type ComponentProps, type ElementType } from "react";

let locks = 0;

interface Props extends ComponentProps<"div"> {
  as?: ElementType;
  enabled?: boolean;
  allowPinchZoom?: boolean;
  shards?: unknown;
}

/**
 * Stands in for the package `react-remove-scroll` below Radix dialogs and menus: the page behind
 * does not scroll while one is open. It sets an attribute that the style sheet knows; the package
 * writes a <style> element, which the content security policy refuses.
 */
export function RemoveScroll({ as, enabled = true, allowPinchZoom, shards, ...props }: Props) {
  useLayoutEffect(() => {
    if (!enabled) return;
    locks += 1;
    document.documentElement.dataset.scrollLocked = "";
    return () => {
      locks -= 1;
      if (locks === 0) delete document.documentElement.dataset.scrollLocked;
    };
  }, [enabled]);
  const Component: ElementType = as ?? Slot.Root;
  return <Component {...props} />;
}
