import type { Operation } from "../../api/types.ts";

/** How an operation that didn't succeed ended, by the names that facts store. */
const REASONS: Readonly<Record<string, string>> = {
  bad_report: "invalid test report",
  cancel: "stopped on request",
  inconsistent: "inconsistent report",
  interrupted: "interrupted",
  io_error: "I/O error",
  log_limit: "log size limit reached",
  lost: "worker lost",
  max_time: "time limit reached",
  no_file: "file not found",
  not_a_file: "neither a file nor a directory",
  no_output: "no output for too long",
  refused_path: "path not allowed",
  rejected: "rejected by the worker",
  start_failed: "could not be started",
  start_unknown: "unknown whether it was started",
  too_large: "too large",
  worker_shutdown: "worker shut down",
};

type OperationEnd = Pick<Operation, "status" | "ended" | "exit_code" | "signal" | "detail">;

/** Why a finished operation failed, as text for people; undefined when it succeeded or hasn't finished. */
export function failureText({ status, ended, exit_code, signal, detail }: OperationEnd): string | undefined {
  if (status !== "finished" || ended === null) return undefined;
  if (ended === "exited" && exit_code === 0) return undefined;
  const reason =
    ended === "exited"
      ? exit_code === null
        ? "ended without an exit code"
        : `exit code ${exit_code}`
      : signal !== null
        ? `signal ${signal}`
        : (REASONS[ended] ?? ended.replaceAll("_", " "));
  return detail ? `${reason}: ${detail}` : reason;
}
