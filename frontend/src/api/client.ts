import createClient from "openapi-fetch";
import { problemFrom, unreachable } from "@/api/problem";
import type { paths } from "@/api/schema";
import { accessToken, tokenAfter } from "@/api/session";

/**
 * Fetches with the session's token. A refused token is refreshed once without anybody noticing; when
 * the session itself has ended, the call waits until the person has signed in again.
 */
export async function apiFetch(input: Request): Promise<Response> {
  const again = input.clone();
  const token = await accessToken();
  const response = await send(input, token);
  if (response.status !== 401) return response;
  return send(again, await tokenAfter(token));
}

async function send(request: Request, token: string): Promise<Response> {
  request.headers.set("Authorization", `Bearer ${token}`);
  request.headers.set("X-Assay-Client", "web");
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw unreachable();
  }
}

/** Every call of the API, typed by `schema.d.ts`; wrap it in `call`. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: apiFetch });

/**
 * The answer of a call.
 *
 * @throws Problem - when the answer is an error, or none came.
 */
export async function call<Data>(
  answer: Promise<{ data?: Data; error?: unknown; response: Response }>,
): Promise<Data> {
  const { data, error, response } = await answer;
  if (!response.ok) throw problemFrom(response, error);
  return data as Data;
}
