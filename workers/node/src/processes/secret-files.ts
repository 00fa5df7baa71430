import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Secret } from "../proto/worker_pb.js";

const MEMORY_DIRECTORY = "/dev/shm";

/** Secrets that a command wants as files, readable for the worker's user only. */
export class SecretFiles {
  readonly #directory: string | undefined;
  /** The variables that say where they are. */
  readonly variables: Readonly<Record<string, string>>;

  /** Write them, in memory where the system has a place for that, otherwise below `stateDirectory`. */
  constructor(secrets: readonly Secret[], stateDirectory: string) {
    const variables: Record<string, string> = {};
    const wanted = secrets.filter(({ fileEnv }) => fileEnv !== "");
    this.variables = variables;
    if (wanted.length === 0) {
      return;
    }
    const parent = existsSync(MEMORY_DIRECTORY) ? MEMORY_DIRECTORY : stateDirectory;
    this.#directory = mkdtempSync(path.join(parent, "buildledger-"));
    try {
      for (const { fileEnv, value } of wanted) {
        const file = path.join(this.#directory, randomBytes(8).toString("hex"));
        writeFileSync(file, value, { mode: 0o600, flag: "wx" });
        variables[fileEnv] = file;
      }
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Remove them; harmless if done before. */
  remove(): void {
    if (this.#directory !== undefined) {
      rmSync(this.#directory, { recursive: true, force: true });
    }
  }
}
