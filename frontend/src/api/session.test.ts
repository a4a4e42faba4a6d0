import { beforeEach, expect, it, vi } from "vitest";
import { accessToken, getSession, logOut, signUp, tokenAfter } from "./session";

const NEW = { workspace: "Acme", email: "ada@example.com", password: "correct horse battery" };
const tokens = (access_token: string) => ({
  access_token,
  expires_in: 900,
  user: { id: "ada" },
  tenant: { id: "acme" },
});
let answers: Record<string, (body: unknown) => void> = {};

beforeEach(async () => {
  answers = {};
  vi.stubGlobal("fetch", (path: string) => {
    return new Promise((resolve) => {
      answers[path] = (body) => resolve(Response.json(body));
    });
  });
  const signingUp = signUp(NEW);
  answers["/v1/signup"]?.(tokens("first"));
  await signingUp;
  expect(getSession().status).toBe("signed-in");
});

it("gives a call no token while the server has not heard yet that the person left", async () => {
  void logOut();
  await expect(accessToken()).rejects.toMatchObject({ status: 401 });
  await expect(tokenAfter("first")).rejects.toMatchObject({ status: 401 });
  expect(Object.keys(answers)).toEqual(["/v1/signup", "/v1/auth/logout"]);
  expect(getSession().status).toBe("signed-out");
});

it("signs nobody in again by a refresh that was under way when they left", async () => {
  const call = tokenAfter("first");
  await vi.waitFor(() => expect(answers["/v1/auth/refresh"]).toBeDefined());
  void logOut();
  answers["/v1/auth/refresh"]?.(tokens("second"));
  await expect(call).rejects.toMatchObject({ status: 401 });
  expect(getSession().status).toBe("signed-out");
});

it("keeps signed in who comes after them, whatever that refresh brings", async () => {
  const call = tokenAfter("first");
  await vi.waitFor(() => expect(answers["/v1/auth/refresh"]).toBeDefined());
  void logOut();
  const signingUp = signUp(NEW);
  answers["/v1/signup"]?.(tokens("third"));
  await signingUp;
  answers["/v1/auth/refresh"]?.(tokens("second"));
  await expect(call).rejects.toMatchObject({ status: 401 });
  expect(getSession().status).toBe("signed-in");
  expect(await accessToken()).toBe("third");
});
