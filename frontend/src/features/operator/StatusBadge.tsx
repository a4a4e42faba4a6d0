import { Badge } from "@/components/Badge";
import type { Account, State } from "./queries";

const TENANT = { active: "ok", suspended: "warn", deleting: "danger" } as const;
const PART = { ok: "ok", degraded: "warn", unavailable: "danger" } as const;

export function StatusBadge({ status }: { status: Account["status"] }) {
  return (
    <Badge tone={TENANT[status]}>
      <span className="capitalize">{status}</span>
    </Badge>
  );
}

export function TierBadge({ tier }: { tier: Account["tier"] }) {
  return (
    <Badge tone={tier === "premium" ? "accent" : "neutral"}>
      <span className="capitalize">{tier}</span>
    </Badge>
  );
}

const WORDS = { ok: "Well", degraded: "Degraded", unavailable: "Away" };

export function PartBadge({ status }: { status: State["parts"][string]["status"] }) {
  return <Badge tone={PART[status]}>{WORDS[status]}</Badge>;
}
