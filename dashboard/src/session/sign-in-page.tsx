import { type FormEvent, useState } from "react";
import { installationTitle } from "../state/installation-title.ts";
import { ProblemAlert } from "../ui/problem-alert.tsx";
import { useTabStatus } from "../ui/tab-status.ts";
import { signIn } from "./session.ts";

/** The form for the token, shown in place of every page while nobody is signed in. */
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
      <h1>Sign in to {installationTitle}</h1>
      <p className="muted">
        On the server's machine, <code>buildledger sign-in</code> prints a link that signs you in. Or paste
        the token: it is in the file <code>admin-token</code> in the server's state directory, and the server
        says at its start where that is.
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
