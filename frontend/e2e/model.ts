import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A chat model that says what a test wants, as slowly as it wants. */
export interface Model {
  url: string;
  /** What every call is answered from now on. */
  says: {
    pieces: readonly string[];
    pauseMs: number;
    /** Hangs up after the pieces. */
    breaks?: boolean;
    /** Says no more after the pieces, and does not end. */
    waits?: boolean;
  };
  /** Answers that are being said. */
  speaking: () => number;
  close: () => Promise<void>;
}

/** Serves the chat completions call of the OpenAI API, streaming. */
export async function startModel(): Promise<Model> {
  const speaking = new Set<ServerResponse>();
  const model: Model = {
    url: "",
    says: { pieces: [], pauseMs: 0 },
    speaking: () => speaking.size,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
  const server = createServer((request, response) => {
    request.resume().once("end", () => {
      speaking.add(response);
      response.once("close", () => speaking.delete(response));
      void say(response, model.says);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  model.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return model;
}

async function say(
  response: ServerResponse,
  { pieces, pauseMs, breaks = false, waits = false }: Model["says"],
): Promise<void> {
  const send = (choices: unknown[], more: object = {}) => {
    const chunk = { id: "c", object: "chat.completion.chunk", created: 0, model: "m", choices };
    response.write(`data: ${JSON.stringify({ ...chunk, ...more })}\n\n`);
  };
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  for (const content of pieces) {
    send([{ index: 0, delta: { content }, finish_reason: null }]);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    if (response.destroyed) return;
  }
  if (waits) return;
  if (breaks) {
    response.destroy();
    return;
  }
  send([{ index: 0, delta: {}, finish_reason: "stop" }]);
  const usage = { prompt_tokens: 900, completion_tokens: 60, total_tokens: 960 };
  send([], { usage });
  response.end("data: [DONE]\n\n");
}
