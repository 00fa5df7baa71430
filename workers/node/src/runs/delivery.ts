// The progress of an attempt's events to the server: sent, acknowledged, credit.
import type { Entry } from "../journal/entries.js";
import type { Journal } from "../journal/journal.js";
import { Kind, type RunHeader } from "../journal/records.js";
import { log } from "../log.js";
import type { Ack, RunEvent } from "../proto/worker_pb.js";
import { encodeEvent } from "./event-encoding.js";

/** Hands out the events of one attempt in order, as far as the credit goes, until the server has them. */
export class Delivery {
  readonly runId: string;
  readonly attempt: number;
  fence: bigint;
  journal: Journal;
  /** The server doesn't know it: nothing is sent, and it is removed as soon as it has ended. */
  isUnknown = false;
  /** Its journal may have lost its end in a crash of the machine: nothing is sent before the server has said what it has. */
  awaitsAck = false;
  /** Up to here output may be sent in any case. */
  creditUntil = 0;
  protected nextToSend: number;
  // Highest event that may ever have been sent; after a restart that is every one in the journal.
  #sentThrough: number;
  // Output that may be sent beyond what is acknowledged.
  #windowBytes = 0;
  #sentDataEnd = 0;

  constructor(header: RunHeader, journal: Journal) {
    this.runId = header.runId;
    this.attempt = header.attempt;
    this.fence = BigInt(header.fence);
    this.journal = journal;
    this.nextToSend = journal.firstUnacked;
    this.#sentThrough = journal.nextEvent - 1;
  }

  /** Send everything that isn't acknowledged again, on a new stream. */
  startSession(windowBytes: number): void {
    this.nextToSend = this.journal.firstUnacked;
    this.#windowBytes = windowBytes;
    this.creditUntil = 0;
    this.#sentDataEnd = this.journal.dataAcked;
  }

  /** Output sent on this stream and not acknowledged. */
  get inFlightBytes(): number {
    return Math.max(0, this.#sentDataEnd - this.journal.dataAcked);
  }

  /** What is to be sent next, if there is something and the credit allows it. */
  nextEntry(): Entry | undefined {
    if (this.isUnknown || this.awaitsAck) {
      return undefined;
    }
    const entry = this.journal.entry(this.nextToSend);
    if (entry !== undefined && [Kind.Output, Kind.Spooled].includes(entry.record.kind)) {
      const limit = Math.max(this.creditUntil, this.journal.dataAcked + this.#windowBytes);
      return entry.dataStart < limit ? entry : undefined;
    }
    return entry;
  }

  /**
   * The entry as it goes over the wire; the one after it is to be sent next.
   *
   * @throws a system error: it can't be read back.
   */
  take(entry: Entry): RunEvent {
    const event = encodeEvent(entry.record, this.journal.body(entry), this.journal.header.channels);
    event.runId = this.runId;
    event.attempt = this.attempt;
    event.fence = this.fence;
    this.nextToSend = entry.record.eventNo + 1;
    this.#sentThrough = Math.max(this.#sentThrough, entry.record.eventNo);
    this.#sentDataEnd = Math.max(this.#sentDataEnd, entry.dataEnd);
    return event;
  }

  /** Release acknowledged events; send again from where the server asks. */
  acknowledge(ack: Ack): void {
    this.awaitsAck = false;
    const through = Number(ack.throughEvent);
    const isBeyond = through > this.#sentThrough;
    this.journal.releaseThrough(isBeyond ? this.#sentThrough : through);
    if (isBeyond) {
      log.warning(`run ${this.runId}: the server knows more events than this journal; renumbering`);
      this.journal.renumberAfter(through);
      this.nextToSend = through + 1;
    }
    if (ack.resumeFrom !== undefined) {
      this.#resumeFrom(Number(ack.resumeFrom));
    }
    this.nextToSend = Math.max(this.nextToSend, this.journal.firstUnacked);
  }

  #resumeFrom(eventNo: number): void {
    if (eventNo < this.journal.firstUnacked) {
      log.error(`run ${this.runId}: events from ${eventNo} on were lost in a crash of the machine`);
      this.journal.renumberAfter(eventNo - 1);
    }
    this.nextToSend = eventNo;
    this.#sentDataEnd = this.journal.entry(eventNo)?.dataStart ?? this.journal.dataEnd;
  }
}
