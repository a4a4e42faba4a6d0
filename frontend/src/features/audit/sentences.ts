/** What each kind of event says, in the order of the filter. */
export const ACTIONS: readonly (readonly [string, string])[] = [
  ["login.succeeded", "Signed in"],
  ["login.failed", "A sign-in failed"],
  ["session.logged_out", "Signed out"],
  ["session.ended", "A session was ended"],
  ["session.others_ended", "All other sessions of a person were ended"],
  ["session.refresh_token_reused", "A session's token was used twice, so the session was ended"],
  ["password.changed", "A password was changed"],
  ["password.refused", "A change of password was refused"],
  ["member.added", "A member was added"],
  ["member.role_changed", "A member's role was changed"],
  ["member.removed", "A member was removed"],
  ["api_key.created", "An API key was made"],
  ["api_key.renamed", "An API key was renamed"],
  ["api_key.deleted", "An API key was deleted"],
  ["api_key.used", "An API key was used"],
  ["document.deleted", "A document was deleted"],
  ["collection.deleted", "A collection was deleted"],
  ["conversation.deleted", "A conversation was deleted"],
  ["analysis.deleted", "An analysis was deleted"],
  ["template.deleted", "A template was deleted"],
  ["webhook.created", "A webhook was made"],
  ["webhook.changed", "A webhook was changed"],
  ["webhook.disabled", "A webhook was switched off"],
  ["webhook.deleted", "A webhook was deleted"],
  ["webhook.secret_renewed", "A webhook's secret was renewed"],
  ["tenant.created", "The workspace was made"],
  ["tenant.renamed", "An operator renamed the workspace"],
  ["tenant.tier_changed", "An operator changed the workspace's tier"],
  ["tenant.limits_changed", "An operator changed the workspace's limits"],
  ["tenant.suspended", "An operator suspended the workspace"],
  ["tenant.resumed", "An operator let the workspace be used again"],
  ["audit.read", "The audit log was read"],
  ["audit.exported", "The audit log was exported"],
];

const SAID = new Map(ACTIONS);
/** Details that a person can read; ids and counts stay in the export. */
const SHOWN = ["email", "name", "before", "after", "role", "url"];

export function sentence(action: string, details: Readonly<Record<string, unknown>>): string {
  const said = SAID.get(action) ?? action;
  const more = SHOWN.filter((name) => typeof details[name] === "string").map(
    (name) => details[name] as string,
  );
  return more.length > 0 ? `${said}: ${more.join(" → ")}` : said;
}
