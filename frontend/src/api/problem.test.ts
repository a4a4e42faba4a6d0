import { describe, expect, it } from "vitest";
import { isTransient, problemFrom } from "@/api/problem";

function answer(status: number, headers: Record<string, string> = {}) {
  return { status, headers: new Headers(headers) };
}

describe("problemFrom", () => {
  it("puts each message at its field", () => {
    const problem = problemFrom(answer(422), {
      title: "Invalid request",
      detail: "2 values are wrong.",
      code: "validation_error",
      errors: [
        { location: "body.email", message: "value is not a valid email address" },
        { location: "body.email", message: "another" },
        { location: "body.password", message: "too short." },
      ],
    });
    expect(problem.fields).toEqual({
      email: "Value is not a valid email address.",
      password: "Too short.",
    });
  });

  it("tells who typed a value what is wrong with it", () => {
    const told = (message: string) =>
      problemFrom(answer(422), { errors: [{ location: "body.name", message }] }).fields.name;
    expect(told("String should have at least 1 character")).toBe("Fill this in.");
    expect(told("String should have at most 120 characters")).toBe("Give at most 120 characters.");
    expect(told("Value error, must not be a word of the name")).toBe(
      "Must not be a word of the name.",
    );
    expect(told("value is not a valid email address: An email address must have an @-sign.")).toBe(
      "An email address must have an @-sign.",
    );
  });

  it("says when to come back", () => {
    expect(problemFrom(answer(429, { "Retry-After": "12" }), {}).retryAfter).toBe(12);
    expect(problemFrom(answer(429), {}).retryAfter).toBeNull();
  });

  it("has words for an answer that is no problem document, such as a proxy's page", () => {
    const problem = problemFrom(answer(502, { "X-Request-ID": "r1" }), "<html>Bad gateway");
    expect(problem.message).toMatch(/on our side/);
    expect(problem.requestId).toBe("r1");
    expect(isTransient(problem)).toBe(true);
  });
});
