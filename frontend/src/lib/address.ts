/** A parameter of the address that is text; the router reads `?q=2024` as a number. */
export function textOf(value: unknown): string | undefined {
  const words = typeof value === "number" ? String(value) : value;
  return typeof words === "string" && words !== "" ? words : undefined;
}
