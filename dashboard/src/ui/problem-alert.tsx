import { toProblem } from "../api/problem.ts";
import { StatusIcon } from "./status-icon.tsx";

/** A failed request: the server's title, detail and code, with a retry button where the caller can retry. */
export function ProblemAlert({ problem, onRetry }: { problem: unknown; onRetry?: () => void }) {
  const { message, detail, code } = toProblem(problem);
  return (
    <div className="problem" role="alert">
      <StatusIcon status="exception" />
      <strong>{message}</strong>
      {detail && <p>{detail}</p>}
      {code && (
        <p className="muted">
          <code>{code}</code>
        </p>
      )}
      {onRetry && (
        <button type="button" className="button small" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
