import { expect, test } from "vitest";
import { agentName } from "./agents";

const GECKO = "KHTML, like Gecko";

test.each([
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (${GECKO}) Chrome/131.0.0.0 Safari/537.36`,
    "Chrome on Windows",
  ],
  [
    `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (${GECKO}) Chrome/131.0.0.0 Safari/537.36`,
    "Chrome on ChromeOS",
  ],
  [
    `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (${GECKO}) HeadlessChrome/131.0.0.0 Safari/537.36`,
    "Chrome on Linux",
  ],
  [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (${GECKO}) CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1`,
    "Chrome on iPhone",
  ],
  ["Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0", "Firefox on Android"],
  [
    `Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (${GECKO}) FxiOS/132.0 Mobile/15E148 Safari/605.1.15`,
    "Firefox on iPad",
  ],
  [
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) AppleWebKit/605.1.15 (${GECKO}) Version/18.1 Safari/605.1.15`,
    "Safari on macOS",
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (${GECKO}) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.51`,
    "Edge on Windows",
  ],
  [
    `Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (${GECKO}) Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0`,
    "Opera on Windows",
  ],
  [
    `Mozilla/5.0 (Linux; Android 14; SM-S911B) AppleWebKit/537.36 (${GECKO}) SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36`,
    "Samsung Internet on Android",
  ],
  [`Mozilla/5.0 (Linux; U; Android 4.0.3) AppleWebKit/534.30 (${GECKO})`, "A program on Android"],
  ["curl/8.5.0", "curl"],
  ["python-httpx/0.28.1", "python-httpx"],
  ["PostmanRuntime", "PostmanRuntime"],
  ["Mozilla/5.0", "An unknown program"],
  ["<script>Firefox</script>", "An unknown program"],
  ["", "An unknown program"],
])("%s", (sent, name) => {
  expect(agentName(sent)).toBe(name);
});
