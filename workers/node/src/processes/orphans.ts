// Kills processes of runs that an earlier worker process left, before those runs are reported as ended.
import { readFileSync, rmdirSync } from "node:fs";
import path from "node:path";
import { log } from "../log.js";
import { sleep } from "../timing.js";
import * as procfs from "./procfs.js";
import type { Survivor } from "./tree.js";

const PAUSE_SECONDS = 0.02;
// How many rounds in a row have to find nothing.
const EMPTY_ROUNDS = 3;
// How often the log repeats that something can't be killed.
const LOG_ROUNDS = 500;

/** How to recognise the processes of a run of an earlier worker process. */
export interface OrphanedRun {
  readonly cookie: string;
  /** The process that was started for it; to be left out after a reboot, when process ids mean something else. */
  readonly root?: procfs.ProcessIdentity | undefined;
  /** The cgroup that its supervisor put it into; a path. */
  readonly cgroup?: string | undefined;
}

/**
 * Kill every process of the runs and resolve, by their cookies, with who they were.
 *
 * Doesn't resolve before they are gone: a run that can't be ended must not be reported as ended, nor another be started in its directory.
 */
export async function killOrphans(orphans: readonly OrphanedRun[]): Promise<Map<string, Survivor[]>> {
  const killed = new Map(orphans.map(({ cookie }) => [cookie, new Map<number, Survivor>()]));
  let rounds = 0;
  // A process that is just becoming another program shows no cookie: several rounds in a row have to find nothing.
  for (let emptyRounds = 0; orphans.length > 0 && emptyRounds < EMPTY_ROUNDS; rounds += 1) {
    const found = find(orphans);
    emptyRounds = found.length > 0 ? 0 : emptyRounds + 1;
    for (const { cookie, survivor } of found) {
      killed.get(cookie)?.set(survivor.pid, survivor);
      procfs.signal(survivor.pid, "SIGKILL");
    }
    if (found.length > 0 && rounds % LOG_ROUNDS === LOG_ROUNDS - 1) {
      const pids = found.map(({ survivor }) => survivor.pid).join(", ");
      log.error(`processes of interrupted runs can't be killed: ${pids}`);
    }
    await sleep(PAUSE_SECONDS);
  }
  for (const { cgroup } of orphans) {
    if (cgroup !== undefined) {
      removeCgroup(cgroup);
    }
  }
  return new Map([...killed].map(([cookie, survivors]) => [cookie, [...survivors.values()]]));
}

/** Each living process that belongs to one of the runs. */
function find(orphans: readonly OrphanedRun[]): { cookie: string; survivor: Survivor }[] {
  const processes = procfs.readAllStats();
  const cookies = new Map([...processes.keys()].map((pid) => [pid, procfs.cookiesOf(pid) ?? []]));
  return orphans.flatMap(({ cookie, root, cgroup }) => {
    const marked = [...cookies].filter(([, own]) => own.includes(cookie)).map(([pid]) => pid);
    const roots = [...marked, ...groupOf(root, processes), ...membersOf(cgroup)];
    const members = procfs.descendants(roots, processes);
    return [...members].flatMap((pid) => {
      const info = processes.get(pid);
      return info === undefined || procfs.isZombie(info) || pid === process.pid
        ? []
        : [{ cookie, survivor: { pid, name: info.name } }];
    });
  });
}

function membersOf(cgroup: string | undefined): number[] {
  try {
    return cgroup === undefined
      ? []
      : readFileSync(path.join(cgroup, "cgroup.procs"), "ascii").split("\n").filter(Boolean).map(Number);
  } catch {
    // It is gone.
    return [];
  }
}

function removeCgroup(cgroup: string): void {
  try {
    rmdirSync(cgroup);
  } catch {
    // It is gone, or somebody else uses it.
  }
}

function groupOf(
  root: procfs.ProcessIdentity | undefined,
  processes: ReadonlyMap<number, procfs.ProcessInfo>,
): number[] {
  if (root === undefined || processes.get(root.pid)?.startedTicks !== root.startedTicks) {
    return [];
  }
  return [...processes.values()]
    .filter(({ session, group }) => session === root.pid || group === root.pid)
    .map(({ pid }) => pid);
}
