// @vitest-environment happy-dom
import { expect, it, vi } from "vitest";
import { problemFromResponse } from "../api/problem.ts";
import { signInFromUrl, signInProblem } from "./session.ts";

// The API client takes `fetch` when it is imported.
const { notSignedIn, requestedFrom } = vi.hoisted(() => {
  const notSignedIn = { title: "Sign in first", code: "not_signed_in", detail: "that isn't the admin token" };
  const requestedFrom: string[] = [];
  globalThis.fetch = async () => {
    requestedFrom.push(location.href);
    return Response.json(notSignedIn, { status: 401 });
  };
  return { notSignedIn, requestedFrom };
});

it("calls a wrong token a wrong token, whatever the server's title for 401 is", () => {
  const problem = signInProblem(problemFromResponse(401, notSignedIn));
  expect(problem.message).toBe("Sign-in failed: wrong token");
  expect(problem.detail).toBe("");
});

it("says why signing in failed when the token isn't the reason", () => {
  const problem = signInProblem(new TypeError("Failed to fetch"));
  expect(problem.message).toBe("Sign-in failed: The server can't be reached");
  expect(problem.detail).not.toBe("");
});

it("removes the token from the URL before it is sent", async () => {
  history.replaceState(null, "", "/queue?as_of=3#token=secret");
  expect((await signInFromUrl())?.message).toBe("Sign-in failed: wrong token");
  expect(requestedFrom).toEqual([expect.stringMatching(/\/queue\?as_of=3$/)]);
});
