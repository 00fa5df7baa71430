// @vitest-environment happy-dom
import { expect, it, vi } from "vitest";
import { signIn, signInFromUrl } from "./session.ts";

// The API client takes `fetch` when it is imported.
const server = vi.hoisted(() => {
  const server = { answer: () => new Response() };
  globalThis.fetch = async () => server.answer();
  return server;
});
const wrongToken = () =>
  Response.json(
    { title: "Sign-in failed: wrong token", code: "not_signed_in", detail: "that isn't the admin token" },
    { status: 401 },
  );

it("says what the server says about a wrong token", async () => {
  server.answer = wrongToken;
  await expect(signIn("x")).rejects.toThrow("Sign-in failed: wrong token");
});

it("says that the server can't be reached when it can't", async () => {
  history.replaceState(null, "", "/#token=secret");
  server.answer = () => {
    throw new TypeError("Failed to fetch");
  };
  expect((await signInFromUrl())?.message).toBe("The server can't be reached");
});

it("removes the token from the URL before it is sent", async () => {
  history.replaceState(null, "", "/queue?as_of=3#token=secret");
  const sentFrom: string[] = [];
  server.answer = () => {
    sentFrom.push(location.href);
    return wrongToken();
  };
  expect((await signInFromUrl())?.message).toBe("Sign-in failed: wrong token");
  expect(sentFrom).toEqual([expect.stringMatching(/\/queue\?as_of=3$/)]);
});
