import type { Socket } from "node:net";
import { fromWire } from "../files/paths.js";
import { log, reasonOf } from "../log.js";
import { Masker } from "../masking/masker.js";
import { type Command, ExitReason, OutputPolicy, StopLevel } from "../proto/worker_pb.js";
import { Latch, monotonicSeconds, settlesWithin } from "../timing.js";
import type { Attempt } from "./attempt.js";
import { Channel } from "./output.js";
import type { Plan } from "./plan.js";
import { WatchedFile, watch } from "./watch.js";

/** Size and digest of one channel. */
export interface ChannelTotal {
  readonly channel: string;
  readonly bytes: bigint;
  readonly sha256: Buffer;
}

/** Keeps what a command writes: from its pipes and watched files into the journal. Closes the pipes it is given. */
export class Capture {
  /** What went wrong with keeping the output, for people. */
  storageError = "";
  /** When something was written last, on the monotonic clock; 0 if nothing was. */
  lastOutputAt = 0;
  readonly #attempt: Attempt;
  readonly #logLimit: number;
  readonly #mayDrop: boolean;
  readonly #channels: Channel[];
  readonly #pipes: readonly Socket[];
  readonly #ends: readonly Latch[];
  readonly #files: readonly WatchedFile[];
  readonly #unwatch: () => void;
  readonly #droppedTo = new Map<number, number>();
  #isBlocked = false;
  #hasFailed = false;

  /** `pipes` belong to the plan's first channels. */
  constructor(attempt: Attempt, plan: Plan, command: Command, pipes: readonly Socket[]) {
    this.#attempt = attempt;
    this.#logLimit = Number(command.logLimit);
    this.#mayDrop = command.outputPolicy === OutputPolicy.GAP;
    const secrets = command.secrets.map(({ value }) => value);
    this.#channels = plan.channels.map((name, index) => {
      const masker = secrets.length > 0 ? new Masker(secrets) : undefined;
      return new Channel(name, masker, (data) => this.#record(index, data), attempt.workshop.batching);
    });
    this.#pipes = pipes;
    this.#ends = pipes.map((pipe, index) => this.#listen(pipe, index));
    this.#files = command.watchFiles.map((file, index) => {
      const feed = (data: Buffer): void => this.#feed(pipes.length + index, data);
      return new WatchedFile(plan.root, fromWire(file.path), file.fromStart, feed);
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
    this.close();
    for (const channel of this.#channels) {
      channel.finish();
    }
    for (const index of [...this.#droppedTo.keys()]) {
      this.#recordGap(index);
    }
  }

  /** Let go of the pipes and files; what is still in them is lost. */
  close(): void {
    this.#unwatch();
    for (const pipe of this.#pipes) {
      pipe.destroy();
    }
    for (const file of this.#files) {
      file.close();
    }
  }

  /** Size and digest of each channel that had output; asked for once, at the end. */
  totals(): ChannelTotal[] {
    return this.#channels
      .map((channel, index) => ({
        channel: channel.name,
        bytes: BigInt(this.#attempt.journal.offsets[index] ?? 0),
        sha256: channel.sha256(),
      }))
      .filter(({ bytes }) => bytes > 0n);
  }

  /** Nothing more can be kept: say so loudly and end the run. */
  storageFailed(error: unknown): void {
    if (this.#hasFailed) {
      return;
    }
    this.#hasFailed = true;
    this.storageError = `the worker can't keep the output: ${reasonOf(error)}`;
    log.error(`run ${this.#attempt.runId}: ${this.storageError}`);
    this.#attempt.stop.make(ExitReason.STORAGE, StopLevel.KILL);
  }

  #listen(pipe: Socket, index: number): Latch {
    const end = new Latch();
    pipe.on("data", (data: Buffer) => this.#feed(index, data));
    pipe.on("end", () => end.set());
    pipe.on("close", () => end.set());
    pipe.on("error", (error) => log.warning(`run ${this.#attempt.runId}: reading output: ${error.message}`));
    return end;
  }

  #feed(index: number, data: Buffer): void {
    this.lastOutputAt = monotonicSeconds();
    this.#channels[index]?.feed(data);
  }

  /** Journal a chunk, unless a limit or the policy says otherwise. */
  #record(index: number, chunk: Buffer): void {
    const data = this.#withinLimit(chunk);
    if (this.#hasFailed || data.length === 0) {
      return;
    }
    const { spool } = this.#attempt.workshop;
    try {
      if (this.#mayDrop && (spool.isFull || this.#droppedTo.has(index))) {
        if (spool.isFull) {
          const begin = this.#droppedTo.get(index) ?? this.#attempt.journal.offsets[index] ?? 0;
          this.#droppedTo.set(index, begin + data.length);
          return;
        }
        this.#recordGap(index);
      }
      this.#attempt.recordOutput(index, data);
    } catch (error) {
      this.storageFailed(error);
      return;
    }
    this.#channels[index]?.count(data);
    if (!this.#mayDrop && spool.isFull) {
      this.#pause();
    }
  }

  #withinLimit(data: Buffer): Buffer {
    const room = this.#logLimit - this.#attempt.journal.dataEnd;
    if (this.#logLimit === 0 || data.length <= room) {
      return data;
    }
    this.#attempt.stop.make(ExitReason.LOG_LIMIT, StopLevel.INTERRUPT);
    return data.subarray(0, Math.max(0, room));
  }

  #recordGap(index: number): void {
    const end = this.#droppedTo.get(index);
    this.#droppedTo.delete(index);
    if (end === undefined) {
      return;
    }
    try {
      this.#attempt.recordGap(index, end);
    } catch (error) {
      this.storageFailed(error);
    }
  }

  #pause(): void {
    if (this.#isBlocked) {
      return;
    }
    this.#isBlocked = true;
    for (const pipe of this.#pipes) {
      pipe.pause();
    }
    this.#attempt.workshop.spool.onFree(() => {
      this.#isBlocked = false;
      for (const pipe of this.#pipes) {
        pipe.resume();
      }
    });
  }
}
