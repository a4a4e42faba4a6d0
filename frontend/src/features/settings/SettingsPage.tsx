import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMay } from "@/api/me";
import { Page } from "@/components/Page";
import { Tabs } from "@/components/Tabs";
import { ApiKeys } from "./ApiKeys";
import { Members } from "./Members";
import { Password } from "./Password";
import type { SettingsTab } from "./search";
import { Sessions } from "./Sessions";
import { Webhooks } from "./Webhooks";

const PANELS: Record<SettingsTab, () => React.JSX.Element> = {
  members: Members,
  "api-keys": ApiKeys,
  webhooks: Webhooks,
  sessions: Sessions,
  password: Password,
};

export function SettingsPage() {
  const { tab = "members" } = useSearch({ from: "/inside/settings" });
  const navigate = useNavigate();
  const mayHoldKeys = useMay("member");
  const mayManage = useMay("admin");
  const Panel = PANELS[tab];
  return (
    <Page title="Settings">
      <Tabs<SettingsTab>
        label="Settings"
        value={tab}
        onChange={(next) => void navigate({ to: "/settings", search: { tab: next } })}
        tabs={[
          { value: "members", label: "Members" },
          ...(mayHoldKeys ? ([{ value: "api-keys", label: "API keys" }] as const) : []),
          ...(mayManage ? ([{ value: "webhooks", label: "Webhooks" }] as const) : []),
          { value: "sessions", label: "Sessions" },
          { value: "password", label: "Password" },
        ]}
      >
        <Panel />
      </Tabs>
    </Page>
  );
}
