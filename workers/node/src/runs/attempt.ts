import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { SupervisedDirectory } from "../contract/directory.js";
import { crc32c } from "../journal/crc32c.js";
import { Journal } from "../journal/journal.js";
import {
  encodeExtent,
  type JournalRecord,
  Kind,
  type RunHeader,
  recordOf,
  type SupervisionHeader,
} from "../journal/records.js";
import { log, reasonOf } from "../log.js";
import {
  type Ack,
  type Exited,
  type ExitedSchema,
  RejectCode,
  RunEventSchema,
  RunState,
  type RunSummary,
  RunSummarySchema,
} from "../proto/worker_pb.js";
import { SpoolReader } from "../supervision/spool-reader.js";
import { Latch, monotonicSeconds, wallNanoseconds } from "../timing.js";
import type { Workshop } from "./attempt-store.js";
import { Delivery } from "./delivery.js";
import { StopRequest } from "./stopping.js";

/** Something that happened: one of the protocol's events, without number and clocks. */
export type EventBody = NonNullable<MessageInitShape<typeof RunEventSchema>["event"]>;

const INSTANT_SECONDS = 0.001;

/** One attempt from the first word about it until the server lets go of it: identity, journal, state; `Delivery` has what goes to it. */
export class Attempt extends Delivery {
  readonly builddir: string;
  readonly cookie: string;
  state = RunState.NEW;
  /** Set if its command has a supervisor, which goes on when the worker doesn't. */
  supervision: SupervisionHeader | undefined;
  /** When its work began, on the monotonic clock. */
  beganAt: number | undefined;
  readonly stop = new StopRequest();
  /** No process of it is at work (any more). */
  readonly gone = new Latch();

  constructor(
    readonly workshop: Workshop,
    header: RunHeader,
    journal?: Journal,
  ) {
    super(header, journal ?? new Journal(workshop.journalDirectory, header));
    this.builddir = header.builddir;
    this.cookie = header.cookie;
  }

  /** What names it. */
  get key(): string {
    return keyOf(this.runId, this.attempt);
  }

  /** Where it and its supervisor speak. */
  get directory(): SupervisedDirectory {
    return new SupervisedDirectory(this.workshop.settings.stateDirectory, this.key);
  }

  /** What is left of a limit on its work, at least an instant; 0 if there is none. */
  secondsLeft(limitSeconds: number): number {
    return limitSeconds > 0 && this.beganAt !== undefined
      ? Math.max(limitSeconds - (monotonicSeconds() - this.beganAt), INSTANT_SECONDS)
      : limitSeconds;
  }

  /** Whether its last event is journalled. */
  get hasEnded(): boolean {
    return this.state >= RunState.EXITED;
  }

  // What happens.

  /**
   * Journal that it is accepted and about to start.
   *
   * @throws a system error: the disk is full or broken; there is no journal.
   */
  begin(channels: readonly string[]): void {
    const header = { ...this.journal.header, channels, fence: String(this.fence) };
    this.journal = new Journal(this.workshop.journalDirectory, header);
    this.journal.begin(this.#eventRecord({ case: "accepted", value: {} }), recordOf(Kind.Starting));
    this.workshop.spool.change(this.journal.spooledBytes);
    this.state = RunState.STARTING;
  }

  /** Undo `begin`, of which nothing was sent yet. */
  withdraw(): void {
    this.workshop.spool.change(-this.journal.spooledBytes);
    this.journal.remove();
    this.journal = new Journal(this.workshop.journalDirectory, this.journal.header);
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
    this.workshop.spool.change(this.journal.spooledBytes);
    this.#ended();
  }

  /**
   * Journal an event (and, in the same write, records that stand before it), then send it.
   *
   * @throws a system error: the disk is full or broken; nothing is sent.
   */
  recordEvent(happening: EventBody, ...before: JournalRecord[]): void {
    this.#append(...before, this.#eventRecord(happening));
  }

  /**
   * Journal output, then send it.
   *
   * @throws a system error: the disk is full or broken; nothing is sent.
   */
  recordOutput(channel: number, data: Buffer): void {
    this.#append(this.#record(Kind.Output, data, channel));
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
    this.supervision = supervision;
    this.journal.spool = new SpoolReader(this.directory.spool, supervision.segmentBytes);
  }

  /**
   * Journal an event that the supervisor wrote down (and records before it), then send it.
   *
   * @throws a system error: the disk is full or broken; nothing is sent.
   */
  relay(happening: EventBody, ...before: JournalRecord[]): void {
    this.#append(...before, { ...this.#eventRecord(happening), kind: Kind.Relayed });
  }

  /**
   * Journal that the supervisor's spool holds output at `position`, then send it.
   *
   * @throws a system error: the disk is full or broken; nothing is sent.
   */
  recordSpooled(channel: number, position: number, data: Buffer): void {
    const extent = encodeExtent({ position, length: data.length, crc32c: crc32c(data) });
    this.#append(this.#record(Kind.Spooled, extent, channel));
  }

  /**
   * Journal that output up to `toOffset` is left out.
   *
   * @throws a system error: the disk is full or broken; nothing is sent.
   */
  recordGap(channel: number, toOffset: number): void {
    const body = Buffer.alloc(8);
    body.writeBigUInt64LE(BigInt(toOffset));
    this.#append(this.#record(Kind.Gap, body, channel));
  }

  /** Journal its last event. On a full disk it is kept in memory, so that it still reaches the server. */
  exit(exited: MessageInitShape<typeof ExitedSchema> | Exited): void {
    const record = this.#eventRecord({ case: "exited", value: exited });
    const before = this.journal.spooledBytes;
    try {
      this.journal.append(record);
    } catch (error) {
      log.error(`run ${this.runId}: its end can't be journalled: ${reasonOf(error)}`);
      this.journal.appendInMemory(record);
    }
    this.workshop.spool.change(this.journal.spooledBytes - before);
    this.#ended();
  }

  /** End it after a fault of the worker itself, wherever it stood. */
  fail(message: string): void {
    if (this.state < RunState.STARTING) {
      this.reject(RejectCode.UNSPECIFIED, message);
    } else if (!this.hasEnded) {
      this.exit({ message });
    }
  }

  #ended(): void {
    this.state = RunState.EXITED;
    this.gone.set();
    this.workshop.wake(this);
  }

  #append(...records: JournalRecord[]): void {
    const before = this.journal.spooledBytes;
    this.journal.append(...records);
    this.workshop.spool.change(this.journal.spooledBytes - before);
    this.workshop.wake(this);
  }

  #eventRecord(happening: EventBody): JournalRecord {
    const body = toBinary(RunEventSchema, create(RunEventSchema, { event: happening }));
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

  // What the server gets.

  /** What Hello says about it. */
  summary(): RunSummary {
    const { journal } = this;
    return create(RunSummarySchema, {
      runId: this.runId,
      attempt: this.attempt,
      fence: this.fence,
      state: this.state,
      nextEvent: BigInt(journal.nextEvent),
      ackedThrough: BigInt(journal.ackedThrough),
      offsets: journal.header.channels.map((channel, index) => ({
        channel,
        bytes: BigInt(journal.offsets[index] ?? 0),
      })),
    });
  }

  /** Free what the server has; go back if it asks. */
  override acknowledge(ack: Ack): void {
    const before = this.journal.spooledBytes;
    super.acknowledge(ack);
    this.workshop.spool.change(this.journal.spooledBytes - before);
    if (this.state === RunState.EXITED && this.journal.firstUnacked === this.journal.nextEvent) {
      this.state = RunState.ALL_ACKED;
    }
  }

  /** Remove its journal, and what its supervisor wrote. */
  remove(): void {
    this.workshop.spool.change(-this.journal.spooledBytes);
    this.journal.remove();
    if (this.supervision !== undefined) {
      this.directory.remove();
    }
    this.state = RunState.RELEASED;
  }
}

/** Names an attempt within the worker. */
export function keyOf(runId: string, attempt: number): string {
  return `${runId}.${attempt}`;
}
