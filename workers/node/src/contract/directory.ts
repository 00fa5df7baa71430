// The directory of files through which a worker and the supervisor of one attempt communicate.
import {
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rm,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { systemCode } from "../log.js";
import * as procfs from "../processes/procfs.js";
import { LAUNCH_VERSION, type StopOrder } from "./launch.js";

const CLAIM_FILE = "pid";
const EXIT_FILE = "exit";
const STOP_FILE = "stop";
const ATTENDED_FILE = "attended";
const PRIVATE = 0o700;
const PRIVATE_FILE = 0o600;
const ABANDONED: StopOrder = { stop: { level: "kill", grace: null, reason: "abandoned" } };

/** Identifies a supervisor's process even after its id is reused, and the cgroup of its command, "" if it has none. */
export interface SupervisorIdentity {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly started: number;
  readonly cgroup: string;
}

/** A line of the file `events`; exactly one of its fields is there. */
export interface SupervisorEvent {
  /** The command's own process; `started` in clock ticks since boot. */
  readonly started?: { readonly pid: number; readonly started: number; readonly mechanism?: string };
  readonly stopping?: { readonly level: string; readonly reason: string };
  /** Bytes of a channel that were left out at a position of its spool. */
  readonly gap?: { readonly channel: number; readonly at: number; readonly bytes: number };
}

/** Size and digest of a whole channel as it lies in the spool. */
export interface SpooledTotal {
  readonly channel: number;
  readonly spooled: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/** The file `exit`: how a command ended; with neither code nor signal if that couldn't be found out. Times are in seconds. */
export interface SupervisorExit {
  readonly code?: number;
  readonly signal?: number;
  readonly reason: string;
  readonly message?: string;
  readonly start_failure?: string;
  readonly survivors?: readonly { readonly pid: number; readonly name: string }[] | null;
  readonly totals: readonly SpooledTotal[];
  readonly ran_for?: number;
  readonly user_cpu?: number;
  readonly system_cpu?: number;
}

/** `<state>/supervised/<run>.<attempt>`: private to the worker's user, gone when the attempt is released. */
export class SupervisedDirectory {
  readonly path: string;
  /** Where the supervisor keeps output. */
  readonly spool: string;
  /** The file of events. */
  readonly events: string;
  /** The file in which the supervisor describes its own troubles. */
  readonly diagnostics: string;

  constructor(stateDirectory: string, key: string) {
    this.path = path.join(rootOf(stateDirectory), key);
    this.spool = this.#file("spool");
    this.events = this.#file("events");
    this.diagnostics = this.#file("diagnostics");
  }

  /**
   * Create it, or empty it if it exists.
   *
   * @throws a system error: the disk is full or broken.
   */
  create(): void {
    rmSync(this.path, { recursive: true, force: true });
    mkdirSync(this.path, { recursive: true, mode: PRIVATE });
  }

  /** Remove it with all that is in it, without waiting for that; what fails is removed at the next start. */
  remove(): void {
    rm(this.path, { recursive: true, force: true }, () => undefined);
  }

  /** Remove the secret files that a killed supervisor has left here. */
  removeSecrets(): void {
    rmSync(this.#file("secrets"), { recursive: true, force: true });
  }

  /**
   * The supervisor of the attempt; undefined if there is none, and then none can claim the attempt later.
   *
   * @throws a system error: there is no such directory, or the disk is full or broken.
   */
  claim(): SupervisorIdentity | undefined {
    const mine = this.#file(`${CLAIM_FILE}.worker`);
    writeFileSync(mine, JSON.stringify({ version: LAUNCH_VERSION, pid: 0 }), { mode: PRIVATE_FILE });
    try {
      linkSync(mine, this.#file(CLAIM_FILE));
      return undefined;
    } catch (error) {
      if (systemCode(error) !== "EEXIST") {
        throw error;
      }
    } finally {
      unlinkSync(mine);
    }
    const claimed = this.#read<Partial<SupervisorIdentity>>(CLAIM_FILE) ?? {};
    const { pid = 0, started = 0, cgroup = "" } = claimed;
    return pid > 0 ? { pid, started, cgroup } : undefined;
  }

  /** How the command ended; undefined if the supervisor hasn't written that. */
  exit(): SupervisorExit | undefined {
    return this.#read<SupervisorExit>(EXIT_FILE);
  }

  /**
   * Leave a stop order for a supervisor that was started by an earlier worker process.
   *
   * @throws a system error: the disk is full or broken.
   */
  askToStop(order: StopOrder): void {
    writeFileSync(this.#file(`${STOP_FILE}.worker`), JSON.stringify(order), { mode: PRIVATE_FILE });
    renameSync(this.#file(`${STOP_FILE}.worker`), this.#file(STOP_FILE));
  }

  /** Write the file by which a supervisor without a pipe sees that its worker is alive. */
  markAttended(): void {
    try {
      writeFileSync(this.#file(ATTENDED_FILE), String(Date.now()), { mode: PRIVATE_FILE });
    } catch {
      // The attempt is over, and its directory is gone.
    }
  }

  #read<T>(name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(this.#file(name), "utf8")) as T;
    } catch (error) {
      if (error instanceof SyntaxError || systemCode(error) === "ENOENT") {
        // Files appear whole; only a crash of the machine leaves one that isn't.
        return undefined;
      }
      throw error;
    }
  }

  #file(name: string): string {
    return path.join(this.path, name);
  }
}

/** The file of a segment of a channel's output, counted from 0. */
export function segmentPath(spool: string, channel: number, number: number): string {
  return path.join(spool, `${channel}.${String(number).padStart(8, "0")}`);
}

/** Whether a supervisor still runs. */
export function isAlive({ pid, started }: SupervisorIdentity): boolean {
  const info = procfs.readStat(pid);
  return info !== undefined && info.startedTicks === started && !procfs.isZombie(info);
}

/** Remove the directories of attempts that aren't among `known`; a supervisor that still runs in one is ordered to stop. */
export function removeStrayDirectories(stateDirectory: string, known: ReadonlySet<string>): void {
  const root = rootOf(stateDirectory);
  const names = statSync(root, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(root);
  for (const name of names.filter((each) => !known.has(each))) {
    const directory = new SupervisedDirectory(stateDirectory, name);
    const identity = directory.claim();
    if (identity !== undefined && isAlive(identity)) {
      directory.askToStop(ABANDONED);
    } else {
      directory.remove();
    }
  }
}

function rootOf(stateDirectory: string): string {
  return path.join(stateDirectory, "supervised");
}
