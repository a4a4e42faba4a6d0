import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { toProblem } from "@/api/problem";
import { cx } from "@/lib/cx";
import { useCountdown } from "@/lib/use-countdown";

const TONES = {
  info: { icon: Info, box: "bg-accent-soft", mark: "text-accent" },
  ok: { icon: CircleCheck, box: "bg-ok-soft", mark: "text-ok" },
  warn: { icon: TriangleAlert, box: "bg-warn-soft", mark: "text-warn" },
  danger: { icon: CircleAlert, box: "bg-danger-soft", mark: "text-danger" },
};
export type Tone = keyof typeof TONES;

interface NoticeProps {
  tone?: Tone;
  title?: string;
  children?: ReactNode;
  /** Instead of words: an error, whose own words are shown, with its countdown where it has one. */
  problem?: Error;
  action?: ReactNode;
  className?: string;
}

/** Something to know about what is around it. */
export function Notice({
  tone = "info",
  title,
  children,
  problem,
  action,
  className,
}: NoticeProps) {
  const { icon: Icon, box, mark } = TONES[tone];
  return (
    <div
      role={tone === "danger" ? "alert" : "status"}
      className={cx("flex items-start gap-2.5 rounded-md px-3 py-2.5 text-base", box, className)}
    >
      <Icon size={16} aria-hidden className={cx("mt-[3px] shrink-0", mark)} />
      <div className="min-w-0 flex-1">
        {title && <p className="font-medium">{title}</p>}
        {problem ? <ProblemText error={problem} /> : children}
      </div>
      {action}
    </div>
  );
}

function ProblemText({ error }: { error: Error }) {
  const problem = toProblem(error);
  return (
    <>
      <p>{problem.message}</p>
      {problem.retryAfter !== null && <Wait key={problem.requestId} seconds={problem.retryAfter} />}
    </>
  );
}

function Wait({ seconds }: { seconds: number }) {
  const left = useCountdown(seconds);
  return (
    <p className="text-muted tabular-nums">
      {left > 0 ? `Try again in ${left} s.` : "Try again now."}
    </p>
  );
}
