/** An answer that is no success, in the terms of RFC 9457; `status` 0 means that none came. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  /** Stable; see `/openapi.json`. */
  readonly code: string;
  readonly title: string;
  readonly requestId: string | null;
  /** Whole seconds until it is worth trying again. */
  readonly retryAfter: number | null;
  /** What is wrong with each field of the form, by its name. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(given: {
    status: number;
    code: string;
    title: string;
    detail: string;
    requestId?: string | null;
    retryAfter?: number | null;
    fields?: Record<string, string>;
  }) {
    super(given.detail);
    this.status = given.status;
    this.code = given.code;
    this.title = given.title;
    this.requestId = given.requestId ?? null;
    this.retryAfter = given.retryAfter ?? null;
    this.fields = given.fields ?? {};
  }
}

/** Reads an answer's body, as JSON or text, into a problem; whatever it is, a person can act on it. */
export function problemFrom(
  response: Pick<Response, "status" | "headers">,
  body: unknown,
): Problem {
  const given = isRecord(body) ? body : {};
  const { status, headers } = response;
  return new Problem({
    status,
    code: text(given.code) ?? `http_${status}`,
    title: text(given.title) ?? "The request failed",
    detail: text(given.detail) ?? fallback(status),
    requestId: text(given.request_id) ?? headers.get("X-Request-ID"),
    retryAfter: seconds(headers.get("Retry-After")),
    fields: fieldsOf(given.errors),
  });
}

/** What a failed fetch means: nobody answered. */
export function unreachable(): Problem {
  return new Problem({
    status: 0,
    code: "unreachable",
    title: navigator.onLine ? "Assay does not answer" : "You are offline",
    detail: navigator.onLine
      ? "The connection failed. It may be back in a moment."
      : "Check your connection. Nothing that you typed is lost.",
  });
}

/** Worth another try without anybody doing anything. */
export function isTransient(error: unknown): boolean {
  return error instanceof Problem && [0, 502, 503, 504].includes(error.status);
}

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem({
    status: 500,
    code: "page_error",
    title: "This page has a fault",
    detail:
      "Something went wrong in this page. Load it again; if it stays so, tell whoever runs Assay.",
  });
}

function fallback(status: number): string {
  if (status >= 500) return "Something went wrong on our side. Try again in a moment.";
  return "The request was not accepted.";
}

/** `body.email` is the form's field `email`; the first message about a field is kept. */
function fieldsOf(errors: unknown): Record<string, string> {
  const fields: Record<string, string> = {};
  if (!Array.isArray(errors)) return fields;
  for (const error of errors) {
    if (!isRecord(error)) continue;
    const name = text(error.location)?.replace(/^(body|query|path|header)\./, "");
    const message = text(error.message);
    if (name && message) fields[name] ??= sentence(message);
  }
  return fields;
}

/** What the API says of a value, in words for whoever typed it. */
function sentence(message: string): string {
  const plain = message
    .replace(/^value (error, |is not a valid email address: )/i, "")
    .replace(/^String should have at least 1 character$/, "Fill this in")
    .replace(/^String should have/, "Give");
  const whole = plain.charAt(0).toUpperCase() + plain.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

function seconds(header: string | null): number | null {
  const value = Number(header ?? Number.NaN);
  return Number.isFinite(value) && value >= 0 ? Math.ceil(value) : null;
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
