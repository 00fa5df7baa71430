// The process tree of a run, which is signalled and killed as a whole.
import { monotonicSeconds, sleep } from "../timing.js";
import type { ProcessInfo } from "./procfs.js";
import * as procfs from "./procfs.js";

// A killed process disappears within milliseconds, unless the kernel is stuck on its behalf.
const PAUSE_SECONDS = 0.01;
const KILL_SECONDS = 10;
// A process that is just becoming another program shows no environment for less than a millisecond, on a busy machine
// perhaps for some more.
const MOST_UNCERTAIN_ROUNDS = 10;
const KERNEL_THREADS_PARENT = 2;

/** A process that was killed because it outlived the root of its tree. */
export interface Survivor {
  readonly pid: number;
  readonly name: string;
}

/**
 * The processes of one run, from the one that leads its own session and group.
 *
 * They are found by group, session and parents, and by the cookie in their environment, which a daemon keeps that left all
 * three. One that clears its environment as well, and whose parents are gone, isn't found: that takes a subreaper or a cgroup.
 */
export class ProcessTree {
  /** When the root was started, in clock ticks since boot; 0 if unknown. */
  readonly startedTicks: number;

  constructor(
    readonly root: number,
    private readonly cookie: string,
  ) {
    this.startedTicks = procfs.readStat(root)?.startedTicks ?? 0;
  }

  /** Send a signal to the root's process group; nothing if that is empty. */
  signal(name: NodeJS.Signals): void {
    procfs.signal(-this.root, name);
  }

  /** Kill the whole tree, as far as it can be found now. */
  kill(): void {
    // Read before the parents die, by whom some are found.
    const members = this.#members(procfs.readAllStats());
    this.signal("SIGKILL");
    for (const { pid } of members) {
      procfs.signal(pid, "SIGKILL");
    }
  }

  /**
   * After the root has ended: kill whoever is left, and resolve when they are gone, with who they were.
   *
   * Gives up after ten seconds on processes that the kernel doesn't let die.
   */
  async killSurvivors(): Promise<Survivor[]> {
    if (!procfs.AVAILABLE) {
      this.signal("SIGKILL");
      return [];
    }
    const killed = new Map<number, Survivor>();
    const deadline = monotonicSeconds() + KILL_SECONDS;
    let uncertainRounds = 0;
    while (monotonicSeconds() < deadline) {
      const processes = procfs.readAllStats();
      const left = this.#members(processes);
      if (left.length === 0) {
        uncertainRounds += 1;
        if (uncertainRounds > MOST_UNCERTAIN_ROUNDS || !this.#hasUnidentified(processes)) {
          break;
        }
      }
      for (const { pid, name } of left) {
        killed.set(pid, killed.get(pid) ?? { pid, name });
        procfs.signal(pid, "SIGKILL");
      }
      await sleep(PAUSE_SECONDS);
    }
    return [...killed.values()];
  }

  /** Living processes of the tree. */
  #members(processes: ReadonlyMap<number, ProcessInfo>): ProcessInfo[] {
    const roots = [...processes.values()].filter(
      (info) =>
        info.session === this.root ||
        info.group === this.root ||
        (this.#isYounger(info) && procfs.cookiesOf(info.pid)?.includes(this.cookie)),
    );
    const members = procfs.descendants(
      roots.map(({ pid }) => pid),
      processes,
    );
    return [...members].flatMap((pid) => {
      const info = processes.get(pid);
      return info === undefined || procfs.isZombie(info) || pid === process.pid ? [] : [info];
    });
  }

  /** Whether some process doesn't show at this moment which run it belongs to. */
  #hasUnidentified(processes: ReadonlyMap<number, ProcessInfo>): boolean {
    return [...processes.values()].some(
      (info) =>
        this.#isYounger(info) &&
        !procfs.isZombie(info) &&
        info.parent !== KERNEL_THREADS_PARENT &&
        procfs.cookiesOf(info.pid) === undefined,
    );
  }

  #isYounger(info: ProcessInfo): boolean {
    return info.startedTicks >= this.startedTicks;
  }
}
