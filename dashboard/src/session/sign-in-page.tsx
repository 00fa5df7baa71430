import { type FormEvent, useState } from "react";
import { api, dataOrThrow } from "../api/client.ts";
import { Store } from "../state/store.ts";
import { ProblemAlert } from "../ui/problem-alert.tsx";
import { useTabStatus } from "../ui/tab-status.ts";

/** True once the server has said that nobody is signed in. */
export const signedOut = new Store(false);

/** Signs in with a token in the address (`#token=…`), which leaves the address and the history before anything else sees it. */
export async function signInFromUrl(): Promise<unknown> {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (!token) return undefined;
  history.replaceState(history.state, "", location.pathname + location.search);
  try {
    await signIn(token);
    return undefined;
  } catch (problem) {
    return problem;
  }
}

async function signIn(token: string): Promise<void> {
  await dataOrThrow(api.POST("/api/v1/session", { body: { token } }));
}

export function SignInPage() {
  useTabStatus("Sign in");
  const [problem, setProblem] = useState<unknown>();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
    try {
      await signIn(token);
      location.reload();
    } catch (thrown) {
      setProblem(thrown);
    }
  };
  return (
    <form className="page sign-in" onSubmit={submit}>
      <h1>Sign in</h1>
      <p className="muted">
        <code>make run</code> prints an address with a token: open that. Otherwise paste the token here: it is
        the text of the file <code>admin-token</code> in the server's state directory.
      </p>
      <div className="field">
        <label htmlFor="token">Token</label>
        <input
          className="input mono"
          id="token"
          name="token"
          type="password"
          autoComplete="current-password"
          required
        />
      </div>
      <div>
        <button type="submit" className="button primary">
          Sign in
        </button>
      </div>
      {problem !== undefined && <ProblemAlert problem={problem} />}
    </form>
  );
}
