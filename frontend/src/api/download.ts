import { apiFetch } from "@/api/client";
import { problemFrom } from "@/api/problem";

/** Saves what a path of the API answers as a file: a plain link would carry no token. */
export async function download(path: string, name: string): Promise<void> {
  const response = await apiFetch(new Request(new URL(path, location.origin)));
  if (!response.ok) throw problemFrom(response, await response.json().catch(() => null));
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after the click; a minute is ample.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
