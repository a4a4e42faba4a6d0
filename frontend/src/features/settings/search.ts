export const TABS = ["members", "api-keys", "webhooks", "sessions", "password"] as const;
export type SettingsTab = (typeof TABS)[number];

export interface SettingsSearch {
  tab?: SettingsTab | undefined;
}

// Each parameter is named though it may be undefined: the router keeps what is left out as it came.
export function settingsSearch(search: Record<string, unknown>): SettingsSearch {
  return { tab: TABS.find((each) => each === search.tab) };
}
