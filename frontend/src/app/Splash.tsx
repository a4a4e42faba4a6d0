import type { ReactElement } from "react";
import { LogoMark } from "@/components/Logo";

/** Stands from the first paint (index.html draws it too) until it is known what to show. */
export function Splash(): ReactElement {
  return (
    <div role="status" aria-label="Assay is starting" className="splash">
      <LogoMark size={40} />
    </div>
  );
}
