import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Activity, Building2, Lock, Moon, Sun } from "lucide-react";
import { useEffect, type ReactNode } from "react";
import { Badge } from "@/components/Badge";
import { Button, IconButton } from "@/components/Button";
import { Dialog, DialogActions } from "@/components/Dialog";
import { PasswordField } from "@/components/Field";
import { Form } from "@/components/Form";
import { Logo } from "@/components/Logo";
import { Offline } from "@/components/Offline";
import { useTitle } from "@/components/Page";
import { setTheme, useTheme } from "@/lib/theme";
import { useMedia } from "@/lib/use-media";
import { lock, unlock, useStanding } from "./key";
import { OPERATOR } from "./queries";

const SCREENS = [
  { to: "/operator", label: "Tenants", icon: Building2 },
  { to: "/operator/state", label: "State", icon: Activity },
] as const;

/** The frame of the operator's screens; without a key it asks for one in their place. */
export function Console({ children }: { children: ReactNode }) {
  const { status } = useStanding();
  const client = useQueryClient();
  useEffect(() => {
    if (status === "locked") client.removeQueries({ queryKey: OPERATOR });
  }, [status, client]);
  if (status === "locked") return <Locked />;
  return (
    <div className="flex h-full flex-col">
      <Bar />
      <Offline />
      <main id="main" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto outline-none">
        <div className="mx-auto max-w-7xl">{children}</div>
      </main>
      {status === "refused" && <Refused />}
    </div>
  );
}

function Bar() {
  return (
    <header className="flex h-14 shrink-0 items-center gap-2 border-b border-line bg-sunken px-4 sm:gap-4 sm:px-8">
      <Link to="/" aria-label="Go to your workspace">
        <Logo size={22} />
      </Link>
      <span className="hidden sm:block">
        <Badge tone="accent">Operator</Badge>
      </span>
      <nav aria-label="Operator" className="flex gap-1">
        {SCREENS.map(({ to, label, icon: Icon }) => (
          <Link
            key={to}
            to={to}
            activeOptions={{ exact: true }}
            className="flex h-9 items-center gap-2 rounded-md px-2.5 text-muted transition-colors hover:bg-hover hover:text-ink aria-[current=page]:bg-surface aria-[current=page]:font-medium aria-[current=page]:text-ink aria-[current=page]:shadow-raised"
          >
            <Icon size={16} aria-hidden className="hidden min-[24rem]:block" />
            {label}
          </Link>
        ))}
      </nav>
      <div className="ml-auto flex items-center gap-1">
        <ThemeButton />
        <IconButton icon={Lock} label="Lock the console" onClick={lock} />
      </div>
    </header>
  );
}

function ThemeButton() {
  const theme = useTheme();
  const system = useMedia("(prefers-color-scheme: dark)");
  const dark = theme === "system" ? system : theme === "dark";
  return (
    <IconButton
      icon={dark ? Sun : Moon}
      label={dark ? "Use the light theme" : "Use the dark theme"}
      onClick={() => setTheme(dark ? "light" : "dark")}
    />
  );
}

function Locked() {
  useTitle("Operator");
  return (
    <main className="grid min-h-full content-start justify-items-center px-6 py-8 sm:content-center">
      <div className="w-full max-w-sm rounded-lg sm:border sm:border-line sm:bg-surface sm:p-8">
        <Logo />
        <h1 className="mt-8 text-2xl font-semibold">Operator’s console</h1>
        <p className="mt-1.5 mb-7 text-muted">
          For those who run this Assay. Members of a workspace{" "}
          <Link to="/" className="text-accent underline underline-offset-4">
            go there
          </Link>
          .
        </p>
        <KeyForm action="Open the console" />
      </div>
    </main>
  );
}

/** Over the page whose key is worth nothing any more: what was typed stays. */
function Refused() {
  return (
    <Dialog
      open
      required
      width="sm"
      onOpenChange={() => undefined}
      title="Your key is not taken any more"
      description="It may have been revoked. Nothing that you typed on this page is lost."
    >
      <KeyForm action="Go on" />
    </Dialog>
  );
}

function KeyForm({ action }: { action: string }) {
  const client = useQueryClient();
  const { status } = useStanding();
  const entering = useMutation({
    mutationFn: unlock,
    meta: { quiet: true },
    onSuccess: () => client.invalidateQueries({ queryKey: OPERATOR }),
  });
  return (
    <Form error={entering.error} onSubmit={({ key = "" }) => entering.mutate(key)}>
      <PasswordField
        label="Operator’s key"
        name="key"
        autoComplete="current-password"
        spellCheck={false}
        required
        hint={
          <>
            <code className="font-mono">assay operators create NAME</code> makes one. It stays in
            this tab’s memory until it is locked or loaded again.
          </>
        }
      />
      <DialogActions>
        {status === "refused" && <Button onClick={lock}>Lock the console</Button>}
        <Button type="submit" look="primary" pending={entering.isPending}>
          {action}
        </Button>
      </DialogActions>
    </Form>
  );
}
