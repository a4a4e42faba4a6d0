import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { ChevronsUpDown, LogOut, Search } from "lucide-react";
import { logOut, useSession } from "@/api/session";
import { Kbd } from "@/components/Kbd";
import { Logo } from "@/components/Logo";
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from "@/components/Menu";
import { useShortcut } from "@/lib/shortcuts";
import { setTheme, useTheme, type Theme } from "@/lib/theme";
import { useNavigation, type Destination } from "@/app/navigation";

const THEMES: { value: Theme; label: string }[] = [
  { value: "system", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

interface SidebarProps {
  onSearch: () => void;
  /** Called when a destination was chosen. */
  onGo?: () => void;
}

export function Sidebar({ onSearch, onGo }: SidebarProps) {
  return (
    <div className="flex h-full flex-col gap-4 p-3">
      <div className="px-2 pt-1.5">
        <Logo />
      </div>
      <button
        type="button"
        onClick={onSearch}
        className="flex h-9 items-center gap-2 rounded-md border border-line bg-surface px-2.5 text-muted shadow-raised hover:text-ink"
      >
        <Search size={15} aria-hidden />
        <span className="flex-1 text-left">Go to…</span>
        <Kbd keys="mod+k" />
      </button>
      <nav aria-label="Main" className="grid gap-4">
        {useNavigation().map((group) => (
          <ul key={group[0]?.label} className="grid gap-0.5">
            {group.map((destination) => (
              <Item key={destination.label} destination={destination} onGo={onGo} />
            ))}
          </ul>
        ))}
      </nav>
      <div className="mt-auto">
        <AccountMenu />
      </div>
    </div>
  );
}

function Item({
  destination,
  onGo,
}: {
  destination: Destination;
  onGo?: (() => void) | undefined;
}) {
  const { to, label, icon: Icon, keys, within } = destination;
  const navigate = useNavigate();
  const isWithin = useRouterState({
    select: ({ location }) => within !== undefined && location.pathname.startsWith(within),
  });
  useShortcut(keys, () => void navigate({ to }));
  return (
    <li>
      <Link
        to={to}
        onClick={onGo}
        aria-current={isWithin ? "true" : undefined}
        className="flex h-9 items-center gap-2.5 rounded-md px-2.5 text-muted transition-colors hover:bg-hover hover:text-ink [&[aria-current]]:bg-surface [&[aria-current]]:font-medium [&[aria-current]]:text-ink [&[aria-current]]:shadow-raised"
      >
        <Icon size={17} aria-hidden className="shrink-0" />
        {label}
      </Link>
    </li>
  );
}

/** Who is here, in which workspace; the theme; the way out. */
function AccountMenu() {
  const session = useSession();
  const theme = useTheme();
  if (!("identity" in session)) return null;
  const { user, tenant } = session.identity;
  return (
    <Menu
      trigger={
        <button
          type="button"
          className="flex w-full items-center gap-2.5 rounded-md p-2 text-left hover:bg-hover"
        >
          <span
            aria-hidden
            className="grid size-8 shrink-0 place-items-center rounded-md bg-accent-soft font-semibold text-accent"
          >
            {tenant.name.charAt(0).toUpperCase()}
          </span>
          <span className="min-w-0 flex-1">
            <span className="block truncate font-medium">{tenant.name}</span>
            <span className="block truncate text-xs text-muted">{user.email}</span>
          </span>
          <ChevronsUpDown size={15} aria-hidden className="shrink-0 text-faint" />
        </button>
      }
    >
      <MenuLabel>
        <span className="block max-w-52 truncate font-medium">{user.email}</span>
        <span className="block text-sm text-muted capitalize">{user.role}</span>
      </MenuLabel>
      <MenuLine />
      <MenuChoice label="Theme" value={theme} options={THEMES} onChange={setTheme} />
      <MenuLine />
      <MenuItem icon={LogOut} onSelect={() => void logOut()}>
        Sign out
      </MenuItem>
    </Menu>
  );
}
