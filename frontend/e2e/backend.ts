import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ASSAY = fileURLToPath(new URL("../../.venv/bin/assay", import.meta.url));
export const RECEIVER = "127.0.0.2";
const START_MS = 120_000;

/** Serves a fresh Assay with its embedded parts for all tests; `ASSAY_URL` is where. */
export default async function start(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "assay-e2e-"));
  const child = serve(folder);
  process.env.ASSAY_URL = await addressOf(child);
  process.env.ASSAY_E2E_DATA = folder;
  return async () => {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
}

/** A server on a data folder; every test of a run signs up, so that limit is lifted. */
export function serve(
  folder: string,
  port = 0,
  given: Readonly<Record<string, string>> = {},
): ChildProcess {
  const settings = {
    ANONYMOUS_PER_MINUTE: "100000",
    OPEN_PER_MINUTE: "100000",
    LOG_LEVEL: "ERROR",
    // Where a test's own receiver of webhooks is; 127.0.0.1 stays refused.
    WEBHOOK_PRIVATE_NETWORKS: `${RECEIVER}/32`,
    ...given,
  };
  return spawn(ASSAY, ["serve", "--port", String(port)], {
    env: { ...process.env, ...settings, ASSAY_DATA_DIR: folder, ASSAY_MODE: "embedded" },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

export function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const listen = (bytes: Buffer) => {
      said += bytes.toString();
      const url = /serves (http:\/\/\S+)/.exec(said)?.[1];
      if (url) resolve(url);
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    child.once("exit", (code) =>
      reject(new Error(`assay serve ended with ${code ?? "a signal"}:\n${said}`)),
    );
    setTimeout(() => reject(new Error(`assay serve did not start:\n${said}`)), START_MS).unref();
  });
}

export function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) {
      resolve();
      return;
    }
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}
