import type { APIRequestContext } from "@playwright/test";
import { readFile } from "node:fs/promises";
import { call, expect, upload, type Account } from "./support";

/** Real documents: `ASSAY_TEST_DATA`, or the folder that lies beside the project. */
const DATA =
  process.env.ASSAY_TEST_DATA ?? new URL("../../../shared/data", import.meta.url).pathname;
/** What three reports say of themselves, read by eye: accident number, date, place. */
export const FACTS = {
  "20071229X02007.pdf": ["NYC08CA055", "2007-12-08", "Tallahassee, FL"],
  "20080109X00035.pdf": ["NYC08CA048", "2007-11-28", "Latrobe, PA"],
  "20080114X00043.pdf": ["NYC08CA047", "2007-11-26", "Venice, FL"],
};
export const REPORTS = Object.keys(FACTS);

export function pathOf(report: string): string {
  return `${DATA}/documents/ntsb/${report}`;
}

export async function uploadReports(
  request: APIRequestContext,
  account: Account,
): Promise<string[]> {
  const files = REPORTS.map(async (name) => ({ name, content: await readFile(pathOf(name)) }));
  return upload(request, account, await Promise.all(files));
}

/** Begins an analysis behind the page's back and waits for its end. */
export async function analyse(
  request: APIRequestContext,
  account: Account,
  body: Record<string, unknown>,
): Promise<string> {
  const { id } = await call(request, account, "POST", "/v1/analyses", body);
  const path = `/v1/analyses/${String(id)}`;
  await expect
    .poll(async () => (await call(request, account, "GET", path)).status, { timeout: 60_000 })
    .toBe("completed");
  return String(id);
}
