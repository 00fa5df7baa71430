// Records the output of a command in its attempt's journal: masked, and within its limits.
import { log, reasonOf } from "../log.js";
import { Masker } from "../masking/masker.js";
import { type Command, ExitReason, OutputPolicy, StopLevel } from "../proto/worker_pb.js";
import type { Attempt } from "./attempt.js";
import { Channel } from "./output.js";
import type { Plan } from "./plan.js";

/** Size and digest of one channel. */
export interface ChannelTotal {
  readonly channel: string;
  readonly bytes: bigint;
  readonly sha256: Buffer;
}

/** All output of one command. */
export class Recording {
  /** Those of the plan, in its order; each is fed with what was written to it. */
  readonly channels: readonly Channel[];
  /** Why nothing more can be journalled, for people; empty while it can. */
  storageError = "";
  readonly #attempt: Attempt;
  readonly #logLimit: number;
  readonly #mayDrop: boolean;
  readonly #onFull: () => void;
  /** By channel: where a gap ends that isn't journalled yet. */
  readonly #droppedTo = new Map<number, number>();

  /** `onFull` is called each time when there is no room for more. */
  constructor(attempt: Attempt, plan: Plan, command: Command, onFull: () => void) {
    this.#attempt = attempt;
    this.#logLimit = Number(command.logLimit);
    this.#mayDrop = command.outputPolicy === OutputPolicy.GAP;
    this.#onFull = onFull;
    const secrets = command.secrets.map(({ value }) => value);
    this.channels = plan.channels.map((name, index) => {
      const masker = secrets.length > 0 ? new Masker(secrets) : undefined;
      return new Channel(name, masker, (data) => this.#record(index, data), attempt.store.serverSettings);
    });
  }

  /** Nothing more comes: journal all that is left. */
  finish(): void {
    for (const channel of this.channels) {
      channel.finish();
    }
    for (const index of [...this.#droppedTo.keys()]) {
      this.#recordGap(index);
    }
  }

  /** Size and digest of each channel that had output; to be called once, at the end. */
  totals(): ChannelTotal[] {
    return this.channels
      .map((channel, index) => ({
        channel: channel.name,
        bytes: BigInt(this.#attempt.journal.offsets[index] ?? 0),
        sha256: channel.sha256(),
      }))
      .filter(({ bytes }) => bytes > 0n);
  }

  /** Log that the disk failed, and kill the run, whose output can't be recorded. */
  storageFailed(error: unknown): void {
    if (this.storageError !== "") {
      return;
    }
    this.storageError = `the worker can't keep the output: ${reasonOf(error)}`;
    log.error(`run ${this.#attempt.runId}: ${this.storageError}`);
    this.#attempt.stop.make(ExitReason.STORAGE, StopLevel.KILL);
  }

  /** Journal a chunk, unless a limit or the policy says otherwise. */
  #record(index: number, chunk: Buffer): void {
    const data = this.#withinLimit(chunk);
    if (this.storageError !== "" || data.length === 0) {
      return;
    }
    const { spoolBudget } = this.#attempt.store;
    try {
      if (this.#mayDrop && spoolBudget.isFull) {
        const begin = this.#droppedTo.get(index) ?? this.#attempt.journal.offsets[index] ?? 0;
        this.#droppedTo.set(index, begin + data.length);
        return;
      }
      this.#recordGap(index);
      this.#attempt.recordOutput(index, data);
    } catch (error) {
      this.storageFailed(error);
      return;
    }
    this.channels[index]?.count(data);
    if (!this.#mayDrop && spoolBudget.isFull) {
      this.#onFull();
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

  /** Journal what was dropped of a channel, if anything was. */
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
}
