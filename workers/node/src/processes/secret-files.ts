// The secrets that a command wants as files.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Secret } from "../proto/worker_pb.js";

const MEMORY_DIRECTORY = "/dev/shm";

/** Secrets of one command, in files that only the worker's user can read: in memory where the system has a file system for that. */
export class SecretFiles {
  readonly #directory: string;

  /** Those of the run with this cookie, perhaps written by an earlier worker process; nothing is written yet. */
  constructor(cookie: string, stateDirectory: string) {
    const parent = existsSync(MEMORY_DIRECTORY) ? MEMORY_DIRECTORY : stateDirectory;
    this.#directory = path.join(parent, `buildledger-${cookie}`);
  }

  /**
   * Write those that are wanted as files and return the variables that hold their paths.
   *
   * @throws a system error: there is no room for them.
   */
  write(secrets: readonly Secret[]): Record<string, string> {
    const variables: Record<string, string> = {};
    for (const { fileEnv, value } of secrets.filter(({ fileEnv }) => fileEnv !== "")) {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      const file = path.join(this.#directory, randomBytes(8).toString("hex"));
      writeFileSync(file, value, { mode: 0o600, flag: "wx" });
      variables[fileEnv] = file;
    }
    return variables;
  }

  /** Remove them; harmless if there are none. */
  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
