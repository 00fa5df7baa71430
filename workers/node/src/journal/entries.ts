// The events of one attempt that the server may not have yet, and how far its output has come.
import {
  decodeExtent,
  decodeGapEnd,
  type Extent,
  type JournalRecord,
  Kind,
  type RunHeader,
} from "./records.js";

// Output that waits in memory to be sent; what is beyond is read back from disk.
const CACHED_BYTES_PER_RUN = 1 << 20;
// The array is cut when so many entries at its beginning are released.
const MOST_RELEASED_ENTRIES = 1024;

/** One event that the server may not have yet, and where to find it. */
export interface Entry {
  readonly record: JournalRecord;
  /** Where its bytes lie in the supervisor's spool, if that isn't the journal. */
  readonly extent: Extent | undefined;
  readonly bodyBytes: number;
  readonly segment: number;
  /** Where its record begins in the segment; -1 for an event that couldn't be written. */
  readonly position: number;
  /** Bytes of output of the attempt before this event, gaps counted. */
  readonly dataStart: number;
  readonly dataEnd: number;
}

/** The entries of a journal in the order of their numbers, with what is counted over them. */
export class Entries {
  /** Number that the next event gets. */
  nextEvent = 1;
  ackedThrough = 0;
  /** Bytes per channel, gaps counted. */
  offsets: number[] = [];
  /** Bytes of output of the attempt, gaps counted. */
  dataEnd = 0;
  /** Bodies of unacknowledged events. */
  spooledBytes = 0;
  /** Records of the kind Relayed so far. */
  relayed = 0;
  #entries: Entry[] = [];
  // Entries before it are released.
  #first = 0;
  #cachedBytes = 0;

  /** There are none yet; numbers and offsets go on from where a header says. */
  constructor(header: RunHeader) {
    this.#countFrom(header);
  }

  /** Number of the oldest event still held, or the number the next one will get. */
  get firstUnacked(): number {
    return this.#entries[this.#first]?.record.eventNo ?? this.nextEvent;
  }

  /** Bytes of output that the server has. */
  get dataAcked(): number {
    return this.#entries[this.#first]?.dataStart ?? this.dataEnd;
  }

  /** The segment that the oldest event still held lies in; undefined if there is none. */
  get firstSegment(): number | undefined {
    return this.#entries[this.#first]?.segment;
  }

  /** Those that are held, oldest first. */
  get held(): readonly Entry[] {
    return this.#entries.slice(this.#first);
  }

  /** The entry of an event, or undefined if there is none (yet, or any more). */
  find(eventNo: number): Entry | undefined {
    const index = this.#first + eventNo - this.firstUnacked;
    return index < this.#first ? undefined : this.#entries[index];
  }

  /** Add an event. Its body stays in memory if there is room, or if it isn't on disk (a position of -1). */
  add(record: JournalRecord, segment: number, position: number): void {
    const extent = record.kind === Kind.Spooled ? decodeExtent(record.body) : undefined;
    const bodyBytes = extent?.length ?? record.body.length;
    this.nextEvent = record.eventNo + 1;
    const dataStart = this.dataEnd;
    if ([Kind.Output, Kind.Gap, Kind.Spooled].includes(record.kind)) {
      const end = record.kind === Kind.Gap ? decodeGapEnd(record.body) : record.offset + bodyBytes;
      this.dataEnd += end - (this.offsets[record.channel] ?? 0);
      this.offsets[record.channel] = end;
    }
    this.relayed += record.kind === Kind.Relayed ? 1 : 0;
    this.#entries.push({ record, extent, bodyBytes, segment, position, dataStart, dataEnd: this.dataEnd });
    this.spooledBytes += bodyBytes;
    if (extent !== undefined) {
      // The system has it in memory: it was written just now.
      record.body = Buffer.alloc(0);
      record.bodyCrc32c = extent.crc32c;
    } else if (position >= 0) {
      if (this.#cachedBytes + bodyBytes > CACHED_BYTES_PER_RUN) {
        record.body = Buffer.alloc(0);
      }
      this.#cachedBytes += record.body.length;
    }
  }

  /** The body of an entry that is on disk too, if it is in memory; it is dropped from there. */
  takeCached({ record }: Entry): Buffer | undefined {
    if (record.body.length === 0) {
      return undefined;
    }
    const { body } = record;
    record.body = Buffer.alloc(0);
    this.#cachedBytes -= body.length;
    return body;
  }

  /** Drop the events up to `eventNo`, which the server has; returns them. */
  releaseThrough(eventNo: number): readonly Entry[] {
    const released: Entry[] = [];
    for (;;) {
      const entry = this.#entries[this.#first];
      if (entry === undefined || entry.record.eventNo > eventNo) {
        break;
      }
      released.push(entry);
      this.#first += 1;
      this.spooledBytes -= entry.bodyBytes;
      if (entry.extent === undefined && entry.position >= 0) {
        this.takeCached(entry);
      }
    }
    if (this.#first > MOST_RELEASED_ENTRIES || this.#first === this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    this.ackedThrough = Math.max(this.ackedThrough, Math.min(eventNo, this.nextEvent - 1));
    return released;
  }

  /** Give the held events numbers after `eventNo`, which the server already knows. */
  renumberAfter(eventNo: number): void {
    let number = eventNo;
    for (const { record } of this.held) {
      number += 1;
      record.eventNo = number;
    }
    this.ackedThrough = eventNo;
    this.nextEvent = number + 1;
  }

  /** Continue where a segment begins: what lies before it and isn't there was acknowledged. */
  continueAt(header: RunHeader): void {
    if (header.nextEvent > this.nextEvent) {
      this.clear();
      this.#countFrom(header);
    }
  }

  /** Drop all events; numbers and offsets stay. */
  clear(): void {
    this.#entries = [];
    this.#first = 0;
    this.spooledBytes = 0;
    this.#cachedBytes = 0;
  }

  #countFrom(header: RunHeader): void {
    this.nextEvent = header.nextEvent;
    this.ackedThrough = header.nextEvent - 1;
    this.offsets = header.offsets.length > 0 ? [...header.offsets] : header.channels.map(() => 0);
    this.dataEnd = this.offsets.reduce((total, bytes) => total + bytes, 0);
    this.relayed = header.relayed ?? 0;
  }
}
