/** Signing in with a token, and whether anybody is signed in. */

import { api, dataOrThrow } from "../api/client.ts";
import { type ApiProblem, toProblem } from "../api/problem.ts";
import { Store } from "../state/store.ts";

/** True once the server has said that nobody is signed in. */
export const signedOut = new Store(false);

/**
 * Exchanges a token for a session cookie.
 *
 * Throws an `ApiProblem` when the token is wrong, or what `fetch` throws when the server can't be reached.
 */
export async function signIn(token: string): Promise<void> {
  await dataOrThrow(api.POST("/api/v1/session", { body: { token } }));
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
