import { Quote } from "lucide-react";
import type { ReactNode } from "react";
import { Logo } from "@/components/Logo";
import { useTitle } from "@/components/Page";

interface AuthFrameProps {
  title: string;
  lead: string;
  children: ReactNode;
}

/** The frame of sign-in and sign-up; wide screens show beside it what Assay is about. */
export function AuthFrame({ title, lead, children }: AuthFrameProps) {
  useTitle(title);
  return (
    <main className="grid min-h-full lg:grid-cols-[minmax(26rem,1fr)_1.15fr]">
      <div className="flex flex-col px-6 py-8 sm:px-12">
        <Logo />
        <div className="m-auto w-full max-w-sm py-10">
          <h1 className="text-2xl font-semibold">{title}</h1>
          <p className="mt-1.5 mb-7 text-muted">{lead}</p>
          {children}
        </div>
      </div>
      <Specimen />
    </main>
  );
}

/** An answer as Assay gives it: a statement, and the words that it rests on. */
function Specimen() {
  return (
    <div className="hidden place-items-center border-l border-line bg-sunken p-12 lg:grid">
      <figure className="w-full max-w-md">
        <p className="mb-3 ml-auto w-fit rounded-lg bg-surface px-4 py-2.5 text-lg shadow-raised">
          How much notice must the supplier give?
        </p>
        <div className="rounded-lg bg-surface p-5 shadow-overlay">
          <p className="text-lg">
            Ninety days, in writing.{" "}
            <span className="rounded-sm bg-accent-soft px-1.5 py-0.5 text-sm font-medium text-accent">
              1
            </span>
          </p>
          <div className="mt-4 border-t border-line pt-4">
            <p className="mb-2 flex items-center gap-2 text-sm text-muted">
              <Quote size={14} aria-hidden /> Supply agreement.docx, clause 9
            </p>
            <blockquote className="font-quote text-lg leading-relaxed">
              the Supplier with a notice of{" "}
              <mark className="rounded-sm bg-evidence px-0.5 text-ink">ninety days</mark>, the Buyer
              with a notice of thirty days
            </blockquote>
          </div>
        </div>
        <figcaption className="mt-6 text-center text-muted">
          Every statement carries the page and the words it rests on.
        </figcaption>
      </figure>
    </div>
  );
}
