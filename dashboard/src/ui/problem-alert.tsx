import { toProblem } from "../api/problem.ts";
import { StatusIcon } from "./status-icon.tsx";

const NOT_FOUND = 404;

/** A failed request: the server's title, detail and code, with a retry button where the caller can retry and that may help. */
export function ProblemAlert({ problem, onRetry }: { problem: unknown; onRetry?: () => void }) {
  const { message, detail, code, status } = toProblem(problem);
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
      {onRetry && status !== NOT_FOUND && (
        <button type="button" className="button small" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}
