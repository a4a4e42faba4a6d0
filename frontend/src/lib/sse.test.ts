import { describe, expect, it } from "vitest";
import { serverEvents, type ServerEvent } from "@/lib/sse";

async function read(...chunks: string[]): Promise<ServerEvent[]> {
  const bytes = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(bytes.encode(chunk));
      controller.close();
    },
  });
  const events: ServerEvent[] = [];
  for await (const event of serverEvents(body)) events.push(event);
  return events;
}

describe("serverEvents", () => {
  it("reads names and data, and passes over comments", async () => {
    expect(await read("event: delta\r\ndata: one\r\n\r\n: ping\r\n\r\ndata: two\n\n")).toEqual([
      { event: "delta", data: "one" },
      { event: "message", data: "two" },
    ]);
  });

  it("joins what the network cut anywhere", async () => {
    const whole = "event: delta\r\ndata: müde\r\n\r\nevent: done\r\ndata: {}\r\n\r\n";
    expect(await read(...Array.from(whole))).toEqual(await read(whole));
  });

  it("joins several lines of data", async () => {
    expect(await read("data: a\ndata: b\n\n")).toEqual([{ event: "message", data: "a\nb" }]);
  });

  it("drops an event that the end of the stream cut off", async () => {
    expect(await read("data: whole\n\ndata: cut")).toEqual([{ event: "message", data: "whole" }]);
  });
});
