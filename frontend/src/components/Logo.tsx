/** The hallmark: a punch with cut corners, and the touch of gold that an assay looks for. */
export function LogoMark({ size = 24 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden className="shrink-0">
      <path className="fill-accent" d="M9 2h14l7 7v14l-7 7H9l-7-7V9z" />
      <path
        className="stroke-on-accent"
        d="M9.5 23 16 8.5 22.5 23"
        fill="none"
        strokeWidth="2.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
      <circle className="fill-evidence-line" cx="16" cy="20.4" r="1.9" />
    </svg>
  );
}

export function Logo({ size = 24 }: { size?: number }) {
  return (
    <span className="inline-flex items-center gap-2 text-lg font-semibold tracking-tight">
      <LogoMark size={size} />
      Assay
    </span>
  );
}
