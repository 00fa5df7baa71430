/** The states that anything on a page can be in, in the words of the API. */

export const RESULTS = [
  "success",
  "warnings",
  "failure",
  "skipped",
  "exception",
  "retry",
  "cancelled",
] as const;

export type Result = (typeof RESULTS)[number];
/** A result, or what comes before one; `unknown` stands for a builder that never built. */
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
  unknown: "Never built",
};

export function statusLabel(status: Status): string {
  return LABELS[status];
}

/** The status of something that ended with `result`, or that hasn't ended and has or hasn't begun. */
export function statusOf(result: string | null | undefined, hasBegun: boolean): Status {
  if (result && (RESULTS as readonly string[]).includes(result)) return result as Result;
  return hasBegun ? "running" : "pending";
}

/** True for results that somebody should look at. */
export function isBroken(status: Status): boolean {
  return status === "failure" || status === "exception";
}
