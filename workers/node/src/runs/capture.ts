// Reads what a command writes to its pipes and watched files, and records it.
import type { Socket } from "node:net";
import { fromWire } from "../files/paths.js";
import { log } from "../log.js";
import type { Command } from "../proto/worker_pb.js";
import { Latch, monotonicSeconds, settlesWithin } from "../timing.js";
import type { Attempt } from "./attempt.js";
import type { Plan } from "./plan.js";
import { Recording } from "./recording.js";
import { WatchedFile, watch } from "./watch.js";

/** All output of one command. Closes the pipes it is given. */
export class Capture {
  readonly recording: Recording;
  /** When something was written last, on the monotonic clock; 0 if nothing was. */
  lastOutputAt = 0;
  readonly #attempt: Attempt;
  readonly #pipes: readonly Socket[];
  readonly #ends: readonly Latch[];
  readonly #files: readonly WatchedFile[];
  readonly #unwatch: () => void;
  #isBlocked = false;

  /** `pipes` belong to the plan's first channels. */
  constructor(attempt: Attempt, plan: Plan, command: Command, pipes: readonly Socket[]) {
    this.#attempt = attempt;
    this.recording = new Recording(attempt, plan, command, () => this.#pause());
    this.#pipes = pipes;
    this.#ends = pipes.map((pipe, index) => this.#listen(pipe, index));
    this.#files = command.watchFiles.map((file, index) => {
      const feed = (data: Buffer): void => this.#feed(pipes.length + index, data);
      return new WatchedFile(plan.directory, fromWire(file.path), file.fromStart, feed);
    });
    this.#unwatch = this.#files.length > 0 ? watch(this.#files, () => this.#isBlocked) : () => undefined;
  }

  /** Whether the command can't write because there is no room for its output. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** Wait until all pipes have ended, at most for the limit, not counting the time when there is no room. */
  async waitForEnd(limitSeconds: number): Promise<void> {
    const ended = Promise.all(this.#ends.map((end) => end.wait()));
    while (!(await settlesWithin(ended, limitSeconds)) && this.#isBlocked) {
      // The command could write on if there were room.
    }
  }

  /** Close the pipes and journal all that is left. */
  finish(): void {
    for (const file of this.#files) {
      file.poll();
    }
    this.#close();
    this.recording.finish();
  }

  /** Close the pipes and files; unread output in them is lost. */
  #close(): void {
    this.#unwatch();
    for (const pipe of this.#pipes) {
      pipe.destroy();
    }
    for (const file of this.#files) {
      file.close();
    }
  }

  #listen(pipe: Socket, index: number): Latch {
    const end = new Latch();
    pipe.on("data", (data: Buffer) => this.#feed(index, data));
    pipe.on("end", () => end.set());
    pipe.on("close", () => end.set());
    pipe.on("error", (error) => log.warning(`run ${this.#attempt.runId}: reading output: ${error.message}`));
    return end;
  }

  /** Feed a channel and remember the time. */
  #feed(index: number, data: Buffer): void {
    this.lastOutputAt = monotonicSeconds();
    this.recording.channels[index]?.feed(data);
  }

  /** Read no more until there is room again. */
  #pause(): void {
    if (this.#isBlocked) {
      return;
    }
    this.#isBlocked = true;
    for (const pipe of this.#pipes) {
      pipe.pause();
    }
    this.#attempt.store.spoolBudget.onFree(() => {
      this.#isBlocked = false;
      for (const pipe of this.#pipes) {
        pipe.resume();
      }
    });
  }
}
