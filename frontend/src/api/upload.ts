import { problemFrom, unreachable, type Problem } from "@/api/problem";
import { accessToken, tokenAfter } from "@/api/session";
import type { Document } from "@/api/types";

export interface UploadRequest {
  files: readonly File[];
  collection: string | null;
  /** The same for every attempt at the same files: what arrived is not stored twice. */
  key: string;
  signal: AbortSignal;
  /** Bytes that have left, of all the bytes of the request. */
  onProgress: (sent: number, total: number) => void;
}

/**
 * Sends files and returns their documents, in order. By XMLHttpRequest: fetch does not tell how much
 * of a body has left.
 *
 * @throws Problem - none of the files was taken.
 */
export async function uploadFiles(request: UploadRequest): Promise<Document[]> {
  const token = await accessToken();
  try {
    return await send(request, token);
  } catch (error) {
    if ((error as Problem).status !== 401) throw error;
    return send(request, await tokenAfter(token));
  }
}

function send(
  { files, collection, key, signal, onProgress }: UploadRequest,
  token: string,
): Promise<Document[]> {
  const form = new FormData();
  if (collection) form.append("collection_id", collection);
  for (const file of files) form.append("file", file);
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open("POST", "/v1/documents");
    call.setRequestHeader("Authorization", `Bearer ${token}`);
    call.setRequestHeader("X-Assay-Client", "web");
    call.setRequestHeader("Idempotency-Key", key);
    call.upload.onprogress = ({ loaded, total }) => onProgress(loaded, total);
    call.onload = () => {
      const body = parsed(call.responseText);
      if (call.status === 202) resolve((body as { documents: Document[] }).documents);
      else reject(problemFrom({ status: call.status, headers: headersOf(call) }, body));
    };
    call.onerror = () => reject(unreachable());
    call.onabort = () => reject(new DOMException("Cancelled", "AbortError"));
    signal.addEventListener("abort", () => call.abort());
    call.send(form);
  });
}

function headersOf(call: XMLHttpRequest): Headers {
  const headers = new Headers();
  for (const name of ["Retry-After", "X-Request-ID"]) {
    const value = call.getResponseHeader(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
