import { Lock } from "lucide-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { may } from "@/api/me";
import { useSession } from "@/api/session";
import type { Role } from "@/api/types";
import { EmptyState } from "@/components/EmptyState";
import { Page } from "@/components/Page";
import { Tabs } from "@/components/Tabs";
import { ApiKeys } from "./ApiKeys";
import { Members } from "./Members";
import { Password } from "./Password";
import { TABS, type SettingsTab } from "./search";
import { Sessions } from "./Sessions";
import { Webhooks } from "./Webhooks";

interface Tab {
  label: string;
  Panel: () => React.JSX.Element;
  /** The lowest role that may see it. */
  role: Role;
}

const PANELS: Record<SettingsTab, Tab> = {
  members: { label: "Members", Panel: Members, role: "viewer" },
  "api-keys": { label: "API keys", Panel: ApiKeys, role: "member" },
  webhooks: { label: "Webhooks", Panel: Webhooks, role: "admin" },
  sessions: { label: "Sessions", Panel: Sessions, role: "viewer" },
  password: { label: "Password", Panel: Password, role: "viewer" },
};

export function SettingsPage() {
  const { tab = "members" } = useSearch({ from: "/inside/settings" });
  const navigate = useNavigate();
  const session = useSession();
  const { label, Panel, role } = PANELS[tab];
  return (
    <Page title="Settings">
      <Tabs<SettingsTab>
        label="Settings"
        value={tab}
        onChange={(next) => void navigate({ to: "/settings", search: { tab: next } })}
        tabs={TABS.filter((each) => may(session, PANELS[each].role)).map((value) => ({
          value,
          label: PANELS[value].label,
        }))}
      >
        {may(session, role) ? (
          <Panel />
        ) : (
          <EmptyState icon={Lock} title={`${label} are not for your role`}>
            It takes the role {role} or one above it. Ask an admin of your workspace.
          </EmptyState>
        )}
      </Tabs>
    </Page>
  );
}
