import { toProblem } from "../api/problem.ts";
import { SignInPage } from "../session/sign-in-page.tsx";
import { basePath } from "../state/urls.ts";
import { ProblemAlert } from "../ui/problem-alert.tsx";

const UNAUTHENTICATED = 401;

/** In place of the whole page, when the root route fails: `?as_of=` is no moment, or nobody is signed in. */
export function RootErrorPage({ error }: { error: unknown }) {
  return (
    <main className="main">
      {toProblem(error).status === UNAUTHENTICATED ? (
        <SignInPage />
      ) : (
        <div className="page">
          <h1>This page can't be shown</h1>
          <ProblemAlert problem={error} />
          <p>
            <a href={basePath}>Back to the present</a>
          </p>
        </div>
      )}
    </main>
  );
}
