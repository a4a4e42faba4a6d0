// In this order: each browser also names those that it descends from.
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\b(OPR|OPiOS|OPT)\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Headless)?Chrom(e|ium)\/|\bCriOS\//, "Chrome"],
  [/\bVersion\/[\d.]+.*\bSafari\//, "Safari"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMacintosh\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];
/** `curl/8.5.0` and its like: a program that tells its name, and nothing of a browser. */
const PROGRAM = /^(?!Mozilla\/)([A-Za-z][\w.-]*)(\/|$)/;

/** `Firefox on Android`, `curl`: who signed in, of what was sent as `User-Agent`. */
export function agentName(sent: string): string {
  const program = PROGRAM.exec(sent)?.[1];
  if (program) return program;
  const browser = found(BROWSERS, sent);
  const system = found(SYSTEMS, sent);
  if (!browser) return system ? `A program on ${system}` : "An unknown program";
  return system ? `${browser} on ${system}` : browser;
}

function found(rules: readonly (readonly [RegExp, string])[], sent: string): string | undefined {
  return rules.find(([pattern]) => pattern.test(sent))?.[1];
}
