// Reads /proc: which processes there are, and which runs they belong to.
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** Each run's processes have it in their environment: the cookies of all runs around them, outermost first. */
export const COOKIE_VARIABLE = "BUILDLEDGER_COOKIE";

const PROC = "/proc";
const LONGEST_NAME = 256;

/** Whether there is a /proc. Without it, as everywhere but on Linux, no process is found. */
export const AVAILABLE = existsSync(`${PROC}/self/stat`);

/** Identifies a process even after its id is reused: start in clock ticks since boot, 0 if unknown. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedTicks: number;
}

/** A process as it was when /proc was read. */
export interface ProcessInfo {
  readonly pid: number;
  readonly name: string;
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since boot; with the pid it identifies the process. */
  readonly startedTicks: number;
}

/** What /proc says about `pid`, or undefined if there is no such process. */
export function readStat(pid: number): ProcessInfo | undefined {
  const content = read(`${PROC}/${pid}/stat`);
  // The name stands in parentheses and may hold anything, also parentheses.
  const nameEnd = content.lastIndexOf(")");
  if (nameEnd < 0) {
    return undefined;
  }
  const fields = content.slice(nameEnd + 2).split(" ");
  return {
    pid,
    name: Buffer.from(content.slice(content.indexOf("(") + 1, nameEnd), "latin1")
      .toString()
      .slice(0, LONGEST_NAME),
    state: fields[0] ?? "",
    parent: Number(fields[1]),
    group: Number(fields[2]),
    session: Number(fields[3]),
    startedTicks: Number(fields[19]),
  };
}

/** Every process that can be seen, by id. */
export function readAllStats(): Map<number, ProcessInfo> {
  const processes = new Map<number, ProcessInfo>();
  if (AVAILABLE) {
    for (const name of readdirSync(PROC)) {
      const info = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
      if (info !== undefined) {
        processes.set(info.pid, info);
      }
    }
  }
  return processes;
}

/** Whether a process has ended, and its parent hasn't waited for it yet. */
export function isZombie(info: ProcessInfo): boolean {
  return info.state === "Z" || info.state === "X";
}

/**
 * The cookies in the environment that a process was started with.
 *
 * Undefined if the environment is empty: it was cleared, or the process is being replaced by another program at this very
 * moment and will have one in an instant.
 */
export function cookiesOf(pid: number): readonly string[] | undefined {
  let content: string;
  try {
    content = readFileSync(`${PROC}/${pid}/environ`, "latin1");
  } catch {
    // Gone, or somebody else's.
    return [];
  }
  if (content === "") {
    return undefined;
  }
  const prefix = `${COOKIE_VARIABLE}=`;
  const variable = content.split("\0").find((each) => each.startsWith(prefix));
  return variable === undefined ? [] : variable.slice(prefix.length).split(":");
}

/** `roots` and all their descendants, as far as parents are alive. */
export function descendants(
  roots: Iterable<number>,
  processes: ReadonlyMap<number, ProcessInfo>,
): Set<number> {
  const children = new Map<number, number[]>();
  for (const info of processes.values()) {
    children.set(info.parent, [...(children.get(info.parent) ?? []), info.pid]);
  }
  const found = new Set<number>();
  const waiting = [...roots];
  for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
    if (!found.has(pid)) {
      found.add(pid);
      waiting.push(...(children.get(pid) ?? []));
    }
  }
  return found;
}

/** Send a signal to a process, or to a group by its negative id; nothing if there is none, or it isn't ours. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Gone already, or changed its user.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
