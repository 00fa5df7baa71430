/** Signing in with a token, and whether anybody is signed in. */

import { api, dataOrThrow } from "../api/client.ts";
import { ApiProblem, toProblem } from "../api/problem.ts";
import { Store } from "../state/store.ts";

/** True once the server has said that nobody is signed in. */
export const signedOut = new Store(false);

const UNAUTHENTICATED = 401;

/**
 * Exchanges a token for a session cookie.
 *
 * Throws an `ApiProblem` that says why signing in failed.
 */
export async function signIn(token: string): Promise<void> {
  try {
    await dataOrThrow(api.POST("/api/v1/session", { body: { token } }));
  } catch (thrown) {
    throw signInProblem(thrown);
  }
}

/** Signs in with the token in the URL (`#token=…`), which is removed from the URL and the history first. */
export async function signInFromUrl(): Promise<ApiProblem | undefined> {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return undefined;
  history.replaceState(history.state, "", location.pathname + location.search);
  try {
    await signIn(token);
    return undefined;
  } catch (thrown) {
    return toProblem(thrown);
  }
}

/** The server answers 401 with "sign in first", which would be no help to somebody who has just tried. */
function signInProblem(thrown: unknown): ApiProblem {
  const { status, message, code, detail } = toProblem(thrown);
  const isWrongToken = status === UNAUTHENTICATED;
  return new ApiProblem({
    status,
    title: `Sign-in failed: ${isWrongToken ? "wrong token" : message}`,
    code: isWrongToken ? "" : code,
    detail: isWrongToken ? "" : detail,
  });
}
