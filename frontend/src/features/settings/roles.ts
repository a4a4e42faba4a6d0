import { may } from "@/api/me";
import { useSession } from "@/api/session";
import type { Role } from "@/api/types";

const ROLES: { value: Role; label: string }[] = [
  { value: "viewer", label: "Viewer: reads and asks" },
  { value: "member", label: "Member: also uploads and analyses" },
  { value: "admin", label: "Admin: also manages members" },
  { value: "owner", label: "Owner: may do everything" },
];

/** The roles that the person may give: nobody gives one above their own. */
export function useGivableRoles() {
  const session = useSession();
  return ROLES.filter(({ value }) => may(session, value));
}
