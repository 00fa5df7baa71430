// The supervisor of a command as its worker sees it: started by this process, or attached to after a restart of the worker.
import { type ChildProcess, spawn } from "node:child_process";
import { isAlive, type SupervisedDirectory, type SupervisorIdentity } from "../contract/directory.js";
import { lineOf, type StopOrder, type SupervisorMessage, supervisorEnvironment } from "../contract/launch.js";
import { sleep } from "../timing.js";

// How often the directory is read of a supervisor that can't notify this process.
const POLL_SECONDS = 0.05;
const MARK_ATTENDED_MS = 4_000;

/** Runs one command, and goes on when the worker doesn't. */
export interface Supervisor {
  /** Whether its process is gone; what it wrote is there then. */
  readonly hasEnded: boolean;
  /** Wait until it may have written something or ended, but not longer than the limit. */
  notified(limitSeconds: number | undefined): Promise<void>;
  /** Order it to end its command. Throws a system error if that can't be done. */
  stop(order: StopOrder): void;
}

/** One that this process started: orders go over a pipe, and it notifies over another when it wrote something. */
export class StartedSupervisor implements Supervisor {
  hasEnded = false;
  readonly #process: ChildProcess;
  #isNotified = false;
  #wake: () => void = () => undefined;

  private constructor(child: ChildProcess) {
    this.#process = child;
    const notify = (): void => {
      this.#isNotified = true;
      this.#wake();
    };
    child.stdout?.on("data", notify);
    child.stdout?.on("error", notify);
    // It may be gone; the end of the other pipe says so too.
    child.stdin?.on("error", () => undefined);
    child.once("close", () => {
      this.hasEnded = true;
      notify();
    });
  }

  /**
   * Start one; it waits for its launch.
   *
   * @throws a system error: there is no process.
   */
  static async start(program: string, directory: SupervisedDirectory): Promise<StartedSupervisor> {
    const child = spawn(program, [directory.path], {
      cwd: "/",
      env: supervisorEnvironment(),
      // Its own troubles are written into its directory; it goes on when whoever reads the worker's standard error is gone.
      stdio: ["pipe", "pipe", "ignore"],
      detached: true,
    });
    if (child.pid === undefined) {
      throw await new Promise((resolve) => child.once("error", resolve));
    }
    child.on("error", () => undefined);
    return new StartedSupervisor(child);
  }

  async notified(limitSeconds: number | undefined): Promise<void> {
    const over = new AbortController();
    const notified = new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#isNotified) {
        resolve();
      }
    });
    await (limitSeconds === undefined
      ? notified
      : Promise.race([notified, sleep(limitSeconds, over.signal)]));
    over.abort();
    this.#isNotified = false;
  }

  stop(order: StopOrder): void {
    this.send(order);
  }

  /** Write a line to it; nothing if it is gone. */
  send(message: SupervisorMessage): void {
    if (this.#process.stdin?.writable) {
      this.#process.stdin.write(lineOf(message));
    }
  }
}

/** One that an earlier worker process started: orders go through files, and its directory is polled. */
export class AttachedSupervisor implements Supervisor {
  #markedAttendedAt = Number.NEGATIVE_INFINITY;

  /** Without an identity there is none (any more). */
  constructor(
    private readonly identity: SupervisorIdentity | undefined,
    private readonly directory: SupervisedDirectory,
  ) {}

  get hasEnded(): boolean {
    return this.identity === undefined || !isAlive(this.identity);
  }

  async notified(limitSeconds: number | undefined): Promise<void> {
    if (performance.now() - this.#markedAttendedAt > MARK_ATTENDED_MS) {
      this.#markedAttendedAt = performance.now();
      this.directory.markAttended();
    }
    await sleep(Math.min(limitSeconds ?? POLL_SECONDS, POLL_SECONDS));
  }

  stop(order: StopOrder): void {
    this.directory.askToStop(order);
  }
}
