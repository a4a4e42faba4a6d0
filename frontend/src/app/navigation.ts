import {
  MessageSquareText,
  ChartColumn,
  FileStack,
  Search,
  ScrollText,
  Settings,
  ShieldCheck,
  TableProperties,
  type LucideIcon,
} from "lucide-react";
import type { LinkProps } from "@tanstack/react-router";
import { may } from "@/api/me";
import { useSession } from "@/api/session";
import type { Role } from "@/api/types";
import { useStanding } from "@/features/operator";

export interface Destination {
  to: NonNullable<LinkProps["to"]>;
  label: string;
  icon: LucideIcon;
  /** Shortcut from any page. */
  keys: string;
  /** Where the screens live that belong to it and have addresses of their own. */
  within?: string;
  /** Shown from this role on; everybody sees what names none. */
  role?: Role;
  /** Shown while an operator's key is held in this tab. */
  operator?: true;
}

/** The screens that the sidebar and the command palette lead to, in groups. */
const NAVIGATION: readonly (readonly Destination[])[] = [
  [
    { to: "/library", label: "Library", icon: FileStack, keys: "g l", within: "/documents/" },
    { to: "/ask", label: "Ask", icon: MessageSquareText, keys: "g a" },
    { to: "/search", label: "Search", icon: Search, keys: "g f" },
    { to: "/analyses", label: "Analyses", icon: TableProperties, keys: "g n" },
  ],
  [
    { to: "/usage", label: "Usage and cost", icon: ChartColumn, keys: "g u" },
    { to: "/settings", label: "Settings", icon: Settings, keys: "g s" },
    { to: "/audit", label: "Audit log", icon: ScrollText, keys: "g o", role: "owner" },
  ],
  [
    {
      to: "/operator",
      label: "Operator’s console",
      icon: ShieldCheck,
      keys: "g p",
      operator: true,
    },
  ],
];

/** Those of them that the person here may see. */
export function useNavigation(): readonly (readonly Destination[])[] {
  const session = useSession();
  const operator = useStanding().status === "open";
  return NAVIGATION.map((group) =>
    group.filter((each) => may(session, each.role ?? "viewer") && (operator || !each.operator)),
  ).filter((group) => group.length > 0);
}
