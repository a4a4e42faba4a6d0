import { QueryClient } from "@tanstack/react-query";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Problem } from "@/api/problem";
import type { Document } from "@/api/types";
import { uploadFiles, type UploadRequest } from "@/api/upload";
import { addUploads, uploads } from "./uploads";

vi.mock("@/api/upload", () => ({ uploadFiles: vi.fn() }));

const client = new QueryClient();
const limits = { max_file_bytes: 1000, max_files_per_upload: 100 };
const file = (name: string, text = name) => new File([text], name);
const document = (name: string) => ({ id: name, name, status: "queued" }) as Document;
const states = () => uploads.get().map(({ file, state }) => `${file.name} ${state}`);
const namesOf = ([request]: [UploadRequest]) => request.files.map(({ name }) => name);

const refused = (status: number, retryAfter: number | null = null) =>
  new Problem({ status, code: "x", title: "x", detail: "x", retryAfter });

function server(answer: (names: string[]) => Problem | null) {
  vi.mocked(uploadFiles).mockImplementation(async ({ files }) => {
    const problem = answer(files.map(({ name }) => name));
    await Promise.resolve();
    if (problem) throw problem;
    return files.map(({ name }) => document(name));
  });
}

beforeEach(() => {
  uploads.set([]);
  vi.mocked(uploadFiles).mockReset();
  client.setQueryData(["me"], { limits });
});

describe("uploads", () => {
  it("sends small files together", async () => {
    server(() => null);
    await addUploads(client, [file("a"), file("b")], null);
    await vi.waitFor(() => expect(states()).toEqual(["a sent", "b sent"]));
    expect(vi.mocked(uploadFiles).mock.calls.map(namesOf)).toEqual([["a", "b"]]);
  });

  it("finds out for whose sake several were refused", async () => {
    server((names) => (names.includes("bad") ? refused(415) : null));
    await addUploads(client, [file("a"), file("bad"), file("c")], null);
    await vi.waitFor(() => expect(states()).toEqual(["a sent", "bad failed", "c sent"]));
  });

  it("does not send what the server would not take", async () => {
    server(() => null);
    await addUploads(client, [file("empty", ""), file("big", "x".repeat(1001))], null);
    expect(states()).toEqual(["empty failed", "big failed"]);
    expect(uploadFiles).not.toHaveBeenCalled();
  });

  it("waits as long as a limit asks for, and tries the same again under the same key", async () => {
    vi.useFakeTimers();
    let first = true;
    server(() => {
      if (!first) return null;
      first = false;
      return refused(429, 7);
    });
    await addUploads(client, [file("a")], null);
    await vi.advanceTimersByTimeAsync(6900);
    expect(states()).toEqual(["a sending"]);
    await vi.advanceTimersByTimeAsync(200);
    expect(states()).toEqual(["a sent"]);
    const [before, after] = vi.mocked(uploadFiles).mock.calls;
    expect(after?.[0].key).toBe(before?.[0].key);
    vi.useRealTimers();
  });

  it("gives up where another try would end the same", async () => {
    server(() => refused(413));
    await addUploads(client, [file("a")], null);
    await vi.waitFor(() => expect(states()).toEqual(["a failed"]));
    expect(uploadFiles).toHaveBeenCalledTimes(1);
  });
});
