import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Secret } from "../proto/worker_pb.js";

const MEMORY_DIRECTORY = "/dev/shm";

/** Secrets that a command wants as files: in memory where the system has a place for that, for the worker's user only. */
export class SecretFiles {
  readonly #directory: string;

  /** Describes those of the run with this mark, also after a crash of the worker; writes nothing. */
  constructor(cookie: string, stateDirectory: string) {
    const parent = existsSync(MEMORY_DIRECTORY) ? MEMORY_DIRECTORY : stateDirectory;
    this.#directory = path.join(parent, `buildledger-${cookie}`);
  }

  /**
   * Write those that are wanted and return the variables that say where they are.
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
