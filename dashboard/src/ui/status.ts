/** The statuses that builds, steps and requests can have, by the names of the API. */

const RESULTS = ["success", "warnings", "failure", "skipped", "exception", "retry", "cancelled"] as const;

type Result = (typeof RESULTS)[number];
/** A result, or a state before there is one; `unknown` is a builder that has no result yet. */
export type Status = Result | "running" | "pending" | "unknown";

const LABELS: Record<Status, string> = {
  success: "Success",
  warnings: "Warnings",
  failure: "Failure",
  skipped: "Skipped",
  exception: "Exception",
  retry: "Retry",
  cancelled: "Cancelled",
  running: "Running",
  pending: "Waiting",
  unknown: "Not built yet",
};

/** The status as text for people. */
export function statusLabel(status: Status): string {
  return LABELS[status];
}

/** The status by result; without one, `running` or `pending` depending on whether it has started. */
export function statusOf(result: string | null | undefined, hasStarted: boolean): Status {
  if (result && (RESULTS as readonly string[]).includes(result)) return result as Result;
  return hasStarted ? "running" : "pending";
}

/** True for the results that make a builder broken. */
export function isBroken(status: Status): boolean {
  return status === "failure" || status === "exception";
}
