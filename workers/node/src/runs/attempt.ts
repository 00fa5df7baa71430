// One attempt of a run, from the server's first mention of it until its release.
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { SupervisedDirectory } from "../contract/directory.js";
import { crc32c } from "../journal/crc32c.js";
import { Journal } from "../journal/journal.js";
import {
  encodeExtent,
  encodeGapEnd,
  type JournalRecord,
  Kind,
  type RunHeader,
  recordOf,
  type SupervisionHeader,
} from "../journal/records.js";
import { log, reasonOf } from "../log.js";
import { type Ack, type ExitedSchema, RejectCode, RunEventSchema, RunState } from "../proto/worker_pb.js";
import { SegmentReclaimer } from "../supervision/segment-reclaimer.js";
import { SpoolReader } from "../supervision/spool-reader.js";
import { Latch, monotonicSeconds, wallNanoseconds } from "../timing.js";
import type { AttemptStore } from "./attempt-store.js";
import { Delivery } from "./delivery.js";
import { StopRequest } from "./stopping.js";

/** One of the protocol's events, without number and clocks. */
export type EventBody = NonNullable<MessageInitShape<typeof RunEventSchema>["event"]>;

/** How an attempt ended. */
export type ExitedInit = MessageInitShape<typeof ExitedSchema>;

const LEAST_SECONDS_LEFT = 0.001;

/** Identity, journal and state of one attempt; `Delivery` has what goes to the server. */
export class Attempt extends Delivery {
  readonly builddir: string;
  readonly cookie: string;
  state = RunState.NEW;
  /** Set if its command has a supervisor, which goes on when the worker doesn't. */
  supervision: SupervisionHeader | undefined;
  /** Reads the output that the supervisor keeps. */
  spoolReader: SpoolReader | undefined;
  /** When its work began, on the monotonic clock. */
  beganAt: number | undefined;
  readonly stop = new StopRequest();
  /** Set when no process of it is at work (any more). */
  readonly gone = new Latch();

  /** `wake` is called whenever there may be something to send. */
  constructor(
    readonly store: AttemptStore,
    header: RunHeader,
    private readonly wake: (attempt: Attempt) => void,
    journal?: Journal,
  ) {
    super(header, journal ?? new Journal(store.journalDirectory, header));
    this.builddir = header.builddir;
    this.cookie = header.cookie;
  }

  /** What identifies it within the worker. */
  get key(): string {
    return keyOf(this.runId, this.attempt);
  }

  /** The directory that it shares with its supervisor. */
  get directory(): SupervisedDirectory {
    return new SupervisedDirectory(this.store.settings.stateDirectory, this.key);
  }

  /** What is left of a limit on its work, never less than a millisecond; 0 if there is no limit. */
  secondsLeft(limitSeconds: number): number {
    return limitSeconds > 0 && this.beganAt !== undefined
      ? Math.max(limitSeconds - (monotonicSeconds() - this.beganAt), LEAST_SECONDS_LEFT)
      : limitSeconds;
  }

  /** Whether its last event is journalled. */
  get hasEnded(): boolean {
    return this.state >= RunState.EXITED;
  }

  /**
   * Journal that it is accepted and about to start.
   *
   * @throws a system error: the disk is full or broken; there is no journal.
   */
  begin(channels: readonly string[]): void {
    const header = { ...this.journal.header, channels, fence: String(this.fence) };
    this.journal = new Journal(this.store.journalDirectory, header);
    this.journal.begin(this.#eventRecord({ case: "accepted", value: {} }), recordOf(Kind.Starting));
    this.store.spoolBudget.change(this.journal.spooledBytes);
    this.state = RunState.STARTING;
  }

  /** Undo `begin`, of which nothing was sent yet. */
  withdraw(): void {
    this.store.spoolBudget.change(-this.journal.spooledBytes);
    this.journal.remove();
    this.journal = new Journal(this.store.journalDirectory, this.journal.header);
    this.nextToSend = this.journal.firstUnacked;
    this.state = RunState.NEW;
  }

  /** End it before it began. */
  reject(code: RejectCode, message: string): void {
    const record = this.#eventRecord({ case: "rejected", value: { code, message } });
    try {
      this.journal.begin(record);
    } catch (error) {
      log.error(`run ${this.runId}: the refusal can't be journalled: ${reasonOf(error)}`);
      this.journal.appendInMemory(record);
    }
    this.store.spoolBudget.change(this.journal.spooledBytes);
    this.#end();
  }

  /**
   * Journal that a supervisor is about to be started, unless that was done before; its spool holds the output from here on.
   *
   * @throws a system error: the disk is full or broken.
   */
  supervise(supervision: SupervisionHeader, isRecorded = false): void {
    if (!isRecorded) {
      this.#append(recordOf(Kind.Supervised, supervision));
    }
    const { spool } = this.directory;
    this.supervision = supervision;
    this.spoolReader = new SpoolReader(spool, supervision.segmentBytes);
    this.journal.attachSpool(this.spoolReader, new SegmentReclaimer(spool, supervision.segmentBytes));
  }

  /**
   * Journal an event (and, in the same write, records that stand before it), then send it.
   *
   * @throws a system error: the disk is full or broken; nothing is sent.
   */
  recordEvent(event: EventBody, ...before: JournalRecord[]): void {
    this.#append(...before, this.#eventRecord(event));
  }

  /**
   * Journal output, then send it.
   *
   * @throws a system error: the disk is full or broken; nothing is sent.
   */
  recordOutput(channel: number, data: Buffer): void {
    this.#append(this.#record(Kind.Output, data, channel));
  }

  /** Journal an event that the supervisor wrote down (and records before it), then send it. @throws as `recordEvent`. */
  relay(event: EventBody, ...before: JournalRecord[]): void {
    this.#append(...before, { ...this.#eventRecord(event), kind: Kind.Relayed });
  }

  /** Journal that the supervisor's spool holds output at `position`, then send it. @throws as `recordEvent`. */
  recordSpooled(channel: number, position: number, data: Buffer): void {
    const extent = encodeExtent({ position, length: data.length, crc32c: crc32c(data) });
    this.#append(this.#record(Kind.Spooled, extent, channel));
  }

  /** Journal that output up to `toOffset` is left out. @throws as `recordEvent`. */
  recordGap(channel: number, toOffset: number): void {
    this.#append(this.#record(Kind.Gap, encodeGapEnd(toOffset), channel));
  }

  /** Journal its last event. On a full disk it is kept in memory, so that it still reaches the server. */
  exit(exited: ExitedInit): void {
    const record = this.#eventRecord({ case: "exited", value: exited });
    const before = this.journal.spooledBytes;
    try {
      this.journal.append(record);
    } catch (error) {
      log.error(`run ${this.runId}: its end can't be journalled: ${reasonOf(error)}`);
      this.journal.appendInMemory(record);
    }
    this.store.spoolBudget.change(this.journal.spooledBytes - before);
    this.#end();
  }

  /** End it because of an error in the worker itself, in any state. */
  fail(message: string): void {
    if (this.state < RunState.STARTING) {
      this.reject(RejectCode.UNSPECIFIED, message);
    } else if (!this.hasEnded) {
      this.exit({ message });
    }
  }

  /** Release acknowledged events; send again from where the server asks. */
  override acknowledge(ack: Ack): void {
    const before = this.journal.spooledBytes;
    super.acknowledge(ack);
    this.store.spoolBudget.change(this.journal.spooledBytes - before);
    if (this.state === RunState.EXITED && this.journal.firstUnacked === this.journal.nextEvent) {
      this.state = RunState.ALL_ACKED;
    }
  }

  /** Remove its journal, and what its supervisor wrote. */
  remove(): void {
    this.store.spoolBudget.change(-this.journal.spooledBytes);
    this.journal.remove();
    if (this.supervision !== undefined) {
      this.directory.remove();
    }
    this.state = RunState.RELEASED;
  }

  #end(): void {
    this.state = RunState.EXITED;
    this.gone.set();
    this.wake(this);
  }

  #append(...records: JournalRecord[]): void {
    const before = this.journal.spooledBytes;
    this.journal.append(...records);
    this.store.spoolBudget.change(this.journal.spooledBytes - before);
    this.wake(this);
  }

  #eventRecord(event: EventBody): JournalRecord {
    const body = toBinary(RunEventSchema, create(RunEventSchema, { event }));
    return this.#record(Kind.Event, Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  }

  #record(kind: Kind, body: Buffer, channel = 0): JournalRecord {
    return {
      kind,
      channel,
      eventNo: this.journal.nextEvent,
      offset: kind === Kind.Event ? 0 : (this.journal.offsets[channel] ?? 0),
      wallNanoseconds: wallNanoseconds(),
      monotonicNanoseconds: process.hrtime.bigint(),
      body,
      bodyCrc32c: crc32c(body),
    };
  }
}

/** Identifies an attempt within the worker. */
export function keyOf(runId: string, attempt: number): string {
  return `${runId}.${attempt}`;
}
