import {
  closeSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
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
import type { StopOrder } from "../runs/enum-mapping.js";

const CLAIM = "pid";
const EVENTS = "events";
const EXIT = "exit";
const STOP = "stop";
const ATTENDED = "attended";
const DIAGNOSTICS = "diagnostics";
const LONGEST_DIAGNOSTICS = 500;
const READ_BYTES = 1 << 16;
const NEWLINE = 0x0a;
const PRIVATE = 0o700;
const ABANDONED: StopOrder = { stop: { level: "kill", grace: null, reason: "abandoned" } };

/** Names a supervisor's process beyond the reuse of its id, and the cgroup of its command, "" if it has none. */
export interface SupervisorIdentity {
  readonly pid: number;
  readonly started: number;
  readonly cgroup: string;
}

/** A line of the events; one of its parts is there. */
export interface SupervisorEvent {
  readonly started?: { readonly pid: number; readonly started: number; readonly mechanism?: string };
  readonly stopping?: { readonly level: string; readonly reason: string };
  readonly gap?: { readonly channel: number; readonly at: number; readonly bytes: number };
}

/** What a whole channel came to. */
export interface SpooledTotal {
  readonly channel: number;
  readonly spooled: number;
  readonly sha256: string;
}

/** How a command ended. */
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

/** `<state>/supervised/<run>.<attempt>`, through which a supervisor and its worker speak. Private to the worker's user. */
export class SupervisedDirectory {
  readonly path: string;
  /** Where the supervisor keeps output. */
  readonly spool: string;
  #eventsRead = 0;

  constructor(stateDirectory: string, key: string) {
    this.path = path.join(rootOf(stateDirectory), key);
    this.spool = path.join(this.path, "spool");
  }

  /**
   * Make it, empty.
   *
   * @throws a system error: the disk is full or broken.
   */
  create(): void {
    rmSync(this.path, { recursive: true, force: true });
    mkdirSync(this.path, { recursive: true, mode: PRIVATE });
  }

  /** Remove it with all that is in it, without waiting for that; what fails is left for the next start. */
  remove(): void {
    rm(this.path, { recursive: true, force: true }, () => undefined);
  }

  /** Remove the secret files that a killed supervisor has left here. */
  removeSecrets(): void {
    rmSync(path.join(this.path, "secrets"), { recursive: true, force: true });
  }

  /**
   * Who supervises; undefined if nobody does, and then nobody will: a supervisor on its way finds the place taken.
   *
   * @throws a system error: there is no such directory, or the disk is full or broken.
   */
  claim(): SupervisorIdentity | undefined {
    const mine = this.#file(`${CLAIM}.worker`);
    writeFileSync(mine, JSON.stringify({ version: 1, pid: 0 }));
    try {
      linkSync(mine, this.#file(CLAIM));
      return undefined;
    } catch (error) {
      if (systemCode(error) !== "EEXIST") {
        throw error;
      }
    } finally {
      unlinkSync(mine);
    }
    const { pid = 0, started = 0, cgroup = "" } = this.#read<Partial<SupervisorIdentity>>(CLAIM) ?? {};
    return pid > 0 ? { pid, started, cgroup } : undefined;
  }

  /** How the command ended; undefined if the supervisor didn't come to write it down. */
  exit(): SupervisorExit | undefined {
    return this.#read<SupervisorExit>(EXIT);
  }

  /** Events that were written since the last call, oldest first. */
  newEvents(): SupervisorEvent[] {
    const content = readFrom(this.#file(EVENTS), this.#eventsRead);
    // The last line may be half written.
    const whole = content.subarray(0, content.lastIndexOf(NEWLINE) + 1);
    this.#eventsRead += whole.length;
    return whole
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as SupervisorEvent);
  }

  /**
   * Tell a supervisor that no pipe leads to.
   *
   * @throws a system error: the disk is full or broken.
   */
  askToStop(order: StopOrder): void {
    writeFileSync(this.#file(`${STOP}.worker`), JSON.stringify(order));
    renameSync(this.#file(`${STOP}.worker`), this.#file(STOP));
  }

  /** Show a supervisor that no pipe leads to that its worker is there. */
  markAttended(): void {
    try {
      writeFileSync(this.#file(ATTENDED), String(Date.now()));
    } catch {
      // It is over, and its directory is gone.
    }
  }

  /** What the supervisor complained about last, in a line. */
  diagnostics(): string {
    const lines = readFrom(this.#file(DIAGNOSTICS), 0).toString("utf8").trimEnd().split("\n");
    return lines.at(-1)?.slice(0, LONGEST_DIAGNOSTICS) ?? "";
  }

  #read<T>(name: string): T | undefined {
    try {
      return JSON.parse(readFileSync(this.#file(name), "utf8")) as T;
    } catch (error) {
      if (error instanceof SyntaxError || systemCode(error) === "ENOENT") {
        // Files appear whole; only a crash of the machine leaves another.
        return undefined;
      }
      throw error;
    }
  }

  #file(name: string): string {
    return path.join(this.path, name);
  }
}

/** Whether a supervisor still runs. */
export function isAlive({ pid, started }: SupervisorIdentity): boolean {
  const info = procfs.readStat(pid);
  return info !== undefined && info.startedTicks === started && !procfs.isZombie(info);
}

/** Remove directories of attempts that nobody knows any more; a supervisor that still runs in one is told to end. */
export function removeStrayDirectories(stateDirectory: string, kept: ReadonlySet<string>): void {
  const root = rootOf(stateDirectory);
  const names = statSync(root, { throwIfNoEntry: false }) === undefined ? [] : readdirSync(root);
  for (const name of names.filter((each) => !kept.has(each))) {
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

/** What a file holds from a position on; nothing if it isn't there. */
function readFrom(file: string, position: number): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const parts: Buffer[] = [];
    for (let at = position; ; ) {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      const length = readSync(descriptor, buffer, 0, READ_BYTES, at);
      if (length === 0) {
        return Buffer.concat(parts);
      }
      parts.push(buffer.subarray(0, length));
      at += length;
    }
  } finally {
    closeSync(descriptor);
  }
}
