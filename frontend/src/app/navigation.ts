import {
  MessageSquareText,
  ChartColumn,
  FileStack,
  Search,
  ScrollText,
  Settings,
  TableProperties,
  type LucideIcon,
} from "lucide-react";
import type { LinkProps } from "@tanstack/react-router";
import type { Role } from "@/api/types";

export interface Destination {
  to: NonNullable<LinkProps["to"]>;
  label: string;
  icon: LucideIcon;
  /** Shortcut from any page. */
  keys: string;
  /** Shown from this role on; everybody sees what names none. */
  role?: Role;
}

/** The screens that the sidebar and the command palette lead to, in groups. */
export const NAVIGATION: readonly (readonly Destination[])[] = [
  [
    { to: "/library", label: "Library", icon: FileStack, keys: "g l" },
    { to: "/ask", label: "Ask", icon: MessageSquareText, keys: "g a" },
    { to: "/search", label: "Search", icon: Search, keys: "g f" },
    { to: "/analyses", label: "Analyses", icon: TableProperties, keys: "g n" },
  ],
  [
    { to: "/usage", label: "Usage and cost", icon: ChartColumn, keys: "g u" },
    { to: "/settings", label: "Settings", icon: Settings, keys: "g s" },
    { to: "/audit", label: "Audit log", icon: ScrollText, keys: "g o", role: "owner" },
  ],
];
