import { type ChildProcess, spawn } from "node:child_process";
import { isAlive, type SupervisedDirectory, type SupervisorIdentity } from "../contract/directory.js";
import { COOKIE_VARIABLE } from "../processes/procfs.js";
import type { StopOrder } from "../runs/enum-mapping.js";
import { sleep } from "../timing.js";

// A supervisor that no pipe leads from has to be looked after.
const POLL_SECONDS = 0.05;
const MARK_ATTENDED_MS = 4_000;
// Of the worker's variables, what a supervisor itself has a use for: the mark of a run that the worker is a part of, so that the
// end of that run ends the supervisor too.
const KEPT_VARIABLES = ["PATH", "TMPDIR", COOKIE_VARIABLE];

/** Runs one command, and goes on when the worker doesn't. */
export interface Supervisor {
  /** Whether its process is gone; what it wrote is there then. */
  readonly hasEnded: boolean;
  /** Wait until it may have written something or ended, but not longer than the limit. */
  notified(limitSeconds: number | undefined): Promise<void>;
  /** Ask it to end its command. Throws if that can't be done. */
  stop(order: StopOrder): void;
}

/** One that this process started: orders go over a pipe, and it rings when there is something new. */
export class StartedSupervisor implements Supervisor {
  hasEnded = false;
  readonly #process: ChildProcess;
  #isNotified = false;
  #notify: () => void = () => undefined;

  private constructor(child: ChildProcess) {
    this.#process = child;
    const ring = (): void => {
      this.#isNotified = true;
      this.#notify();
    };
    child.stdout?.on("data", ring);
    child.stdout?.on("error", ring);
    // It may be gone; the doorbell says so too.
    child.stdin?.on("error", () => undefined);
    child.once("close", () => {
      this.hasEnded = true;
      ring();
    });
  }

  /**
   * Start one; it waits for its launch.
   *
   * @throws a system error: there is no process.
   */
  static async start(program: string, directory: SupervisedDirectory): Promise<StartedSupervisor> {
    const variables = KEPT_VARIABLES.map((name) => [name, process.env[name]] as const);
    const child = spawn(program, [directory.path], {
      cwd: "/",
      env: Object.fromEntries(variables.filter(([, value]) => value !== undefined)),
      // Its complaints are in its directory; it goes on when whoever reads the worker's is gone.
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
    const rung = new Promise<void>((resolve) => {
      this.#notify = resolve;
      if (this.#isNotified) {
        resolve();
      }
    });
    await (limitSeconds === undefined ? rung : Promise.race([rung, sleep(limitSeconds, over.signal)]));
    over.abort();
    this.#isNotified = false;
  }

  stop(order: StopOrder): void {
    this.send(order);
  }

  /** Write a line to it. */
  send(message: object): void {
    if (this.#process.stdin?.writable) {
      this.#process.stdin.write(`${JSON.stringify(message)}\n`);
    }
  }
}

/** One that an earlier worker process started: orders go through files, and its directory is looked at. */
export class AttachedSupervisor implements Supervisor {
  #attendedAt = Number.NEGATIVE_INFINITY;

  /** Without an identity there is none (any more). */
  constructor(
    private readonly identity: SupervisorIdentity | undefined,
    private readonly directory: SupervisedDirectory,
  ) {}

  get hasEnded(): boolean {
    return this.identity === undefined || !isAlive(this.identity);
  }

  async notified(limitSeconds: number | undefined): Promise<void> {
    if (performance.now() - this.#attendedAt > MARK_ATTENDED_MS) {
      this.#attendedAt = performance.now();
      this.directory.markAttended();
    }
    await sleep(Math.min(limitSeconds ?? POLL_SECONDS, POLL_SECONDS));
  }

  stop(order: StopOrder): void {
    this.directory.askToStop(order);
  }
}
