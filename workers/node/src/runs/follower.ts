// Copies a supervisor's events and output into the journal of its attempt, in chunks of the server's size.
import type { SpooledTotal, SupervisedDirectory, SupervisorEvent } from "../contract/directory.js";
import { Kind, recordOf } from "../journal/records.js";
import { log, reasonOf } from "../log.js";
import type { ProcessIdentity } from "../processes/procfs.js";
import { ExitReason, RunState, StopLevel } from "../proto/worker_pb.js";
import { EventReader } from "../supervision/event-reader.js";
import type { SpoolReader } from "../supervision/spool-reader.js";
import { monotonicSeconds } from "../timing.js";
import type { Attempt } from "./attempt.js";
import { levelNamed, reasonNamed } from "./enum-mapping.js";

// Chunks that are taken at once, before other runs have their turn.
const CHUNKS_AT_ONCE = 16;

/** How far one channel has been copied. */
interface Progress {
  /** In the spool. */
  position: number;
  /** What was left out and isn't journalled yet. */
  readonly gaps: { readonly at: number; readonly bytes: number }[];
  /** When bytes were seen that don't make a whole chunk. */
  waitingSince: number | undefined;
}

/** Reads a supervisor's directory from where the journal ends; an event that is journalled already isn't repeated. */
export class Follower {
  /** The command's own process, once it was started. */
  root: ProcessIdentity | undefined;
  /** Why nothing more can be journalled, for people; empty while it can. */
  storageError = "";
  readonly #events: EventReader;
  readonly #channels: readonly Progress[];
  #relayed = 0;

  constructor(
    private readonly attempt: Attempt,
    directory: SupervisedDirectory,
    private readonly spool: SpoolReader,
  ) {
    this.#events = new EventReader(directory.events);
    const { offsets } = attempt.journal;
    this.#channels = offsets.map(() => ({ position: 0, gaps: [], waitingSince: undefined }));
    this.#catchStorageError(() => {
      this.#relayAll();
      return false;
    });
    // Where an earlier worker process left off: the journal has the offset, the events have what was left out before it.
    for (const [index, channel] of this.#channels.entries()) {
      const offset = offsets[index] ?? 0;
      let leftOut = 0;
      for (let [gap] = channel.gaps; gap !== undefined && offset > gap.at + leftOut; [gap] = channel.gaps) {
        leftOut += gap.bytes;
        channel.gaps.shift();
      }
      channel.position = offset - leftOut;
    }
  }

  /** Copy what is new: all of it, or only whole chunks and what is due; true if there is more already. */
  poll(isAllDue: boolean): boolean {
    return this.#catchStorageError(() => {
      // The ends are read before the events: a gap that is written later can't lie before them.
      const ends = this.#channels.map(({ position }, index) => this.spool.end(index, position));
      this.#relayAll();
      // All channels have their turn, whether or not there is more of the first.
      return ends.map((end, index) => this.#recordOutput(index, end, isAllDue)).some((more) => more);
    });
  }

  /** Seconds until output that doesn't fill a chunk is due; undefined if none is waiting. */
  get dueSeconds(): number | undefined {
    const waiting = this.#channels.flatMap(({ waitingSince }) => waitingSince ?? []);
    const { flushSeconds } = this.attempt.store.serverSettings;
    return waiting.length > 0
      ? Math.max(0, Math.min(...waiting) + flushSeconds - monotonicSeconds())
      : undefined;
  }

  /** Whether everything that the supervisor has spooled was copied. */
  hasAll(totals: readonly SpooledTotal[]): boolean {
    return (
      this.storageError === "" &&
      totals.every(({ channel, spooled }) => this.#channels[channel]?.position === spooled)
    );
  }

  #relayAll(): void {
    for (const event of this.#events.newEvents()) {
      this.#relay(event);
    }
  }

  /** Journal an event, unless an earlier worker process has done so. */
  #relay({ started, stopping, gap }: SupervisorEvent): void {
    if (gap !== undefined) {
      this.#channels[gap.channel]?.gaps.push(gap);
      return;
    }
    const { attempt } = this;
    if (started !== undefined) {
      this.root = { pid: started.pid, startedTicks: started.started };
      if (this.#isNew()) {
        const { pid, mechanism = "" } = started;
        attempt.relay({ case: "started", value: { pid, mechanism } }, recordOf(Kind.Process, this.root));
      }
    } else if (stopping !== undefined) {
      const level = levelNamed(stopping.level);
      const reason = reasonNamed(stopping.reason);
      attempt.state = RunState.STOPPING;
      attempt.stop.noteMade(reason, level);
      if (this.#isNew()) {
        attempt.relay({ case: "stopping", value: { level, reason } });
      }
    }
  }

  #isNew(): boolean {
    this.#relayed += 1;
    return this.#relayed > this.attempt.journal.relayed;
  }

  /** Journal a channel's output up to `end`; true if there is more that need not wait. */
  #recordOutput(index: number, end: number, isAllDue: boolean): boolean {
    const channel = this.#channels[index];
    const { journal, store } = this.attempt;
    for (let chunks = 0; channel !== undefined && chunks < CHUNKS_AT_ONCE; chunks += 1) {
      const [gap] = channel.gaps;
      if (gap !== undefined && gap.at <= channel.position) {
        this.attempt.recordGap(index, (journal.offsets[index] ?? 0) + gap.bytes);
        channel.gaps.shift();
        continue;
      }
      const until = Math.min(end, gap?.at ?? end);
      const size = Math.min(until - channel.position, store.serverSettings.chunkBytes);
      if (size <= 0) {
        channel.waitingSince = undefined;
        return false;
      }
      if (until === end && !isAllDue && !this.#isDue(channel, size)) {
        return false;
      }
      this.attempt.recordSpooled(index, channel.position, this.spool.read(index, channel.position, size));
      channel.position += size;
      channel.waitingSince = undefined;
    }
    return true;
  }

  /** Whether so many bytes make a chunk, or have waited long enough for others. */
  #isDue(channel: Progress, size: number): boolean {
    const { chunkBytes, flushSeconds } = this.attempt.store.serverSettings;
    channel.waitingSince ??= monotonicSeconds();
    return size >= chunkBytes || monotonicSeconds() - channel.waitingSince >= flushSeconds;
  }

  /** Do what may fail on a broken disk; if it does, log that and end the run, since nothing more of it can be kept. */
  #catchStorageError(work: () => boolean): boolean {
    if (this.storageError !== "") {
      return false;
    }
    try {
      return work();
    } catch (error) {
      this.storageError = `the worker can't keep the output: ${reasonOf(error)}`;
      log.error(`run ${this.attempt.runId}: ${this.storageError}`);
      this.attempt.stop.make(ExitReason.STORAGE, StopLevel.KILL);
      return false;
    }
  }
}
