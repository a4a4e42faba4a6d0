import { expect, test } from "vitest";
import { changes } from "./limits";

const NONE = {
  requests_per_minute: null,
  concurrent_requests: null,
  progress_streams: null,
  query_cache_bytes: null,
  vector_bytes: null,
  connections: null,
  connection_overflow: null,
  model_budget_usd: null,
};

test("only what differs is sent, in the API's units", () => {
  const before = { ...NONE, requests_per_minute: 700, vector_bytes: 5 * 1024 ** 3 };
  const typed = {
    "limits.requests_per_minute": "700",
    "limits.vector_bytes": "2.5",
    "limits.model_budget_usd": " 1,000.50 ",
    "limits.connections": "",
  };
  expect(changes(before, typed)).toEqual({
    vector_bytes: 2.5 * 1024 ** 3,
    model_budget_usd: 1000.5,
  });
});

test("an emptied field gives the limit back to the tier", () => {
  const before = { ...NONE, requests_per_minute: 700 };
  expect(changes(before, { "limits.requests_per_minute": " " })).toEqual({
    requests_per_minute: null,
  });
});

test("what is no number is left for the server to refuse, not taken for nothing", () => {
  expect(changes(NONE, { "limits.connections": "many" })).toEqual({ connections: "many" });
});
