// What the worker logs for people, and how errors read there.
type Level = "info" | "warning" | "error";

/** Each writes one line to standard error. */
export const log = {
  info: (message: string): void => write("info", message),
  warning: (message: string): void => write("warning", message),
  error: (message: string): void => write("error", message),
};

function write(level: Level, message: string): void {
  process.stderr.write(`${new Date().toISOString()} ${level.toUpperCase()} ${message}\n`);
}

/** The message of an error, whatever was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The system's name of an error, such as ENOENT, or "" if it has none. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}
