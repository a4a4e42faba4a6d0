export const TABS = ["members", "api-keys", "webhooks", "sessions", "password"] as const;
export type SettingsTab = (typeof TABS)[number];

export interface SettingsSearch {
  tab?: SettingsTab;
}

export function settingsSearch(search: Record<string, unknown>): SettingsSearch {
  const tab = TABS.find((each) => each === search.tab);
  return tab ? { tab } : {};
}
