import type { SpoolReader } from "../supervision/spool-reader.js";
import {
  decodeExtent,
  type Extent,
  encodeHead,
  HEAD_BYTES,
  type JournalRecord,
  Kind,
  type RunHeader,
  readRecords,
  recordOf,
} from "./records.js";
import { Segments } from "./segments.js";

/** A segment that has this many bytes is followed by another. */
export const SEGMENT_BYTES = 8 << 20;

// Output that waits in memory to be sent; what is beyond is read back from disk.
const CACHED_BYTES_PER_RUN = 1 << 20;

/** One event that the server may not have yet, and where to find it. */
export interface Entry {
  readonly record: JournalRecord;
  /** Where its bytes lie, if that isn't the journal. */
  readonly extent: Extent | undefined;
  readonly bodyBytes: number;
  readonly segment: number;
  /** Where its record begins in the segment; -1 for an event that couldn't be written. */
  readonly position: number;
  /** Bytes of output of the attempt before this event, gaps counted. */
  readonly dataStart: number;
  readonly dataEnd: number;
}

/**
 * The journal of one attempt: what happened, on disk before it is sent.
 *
 * It has one or more segments, `<run id>.<attempt>.<segment>.journal`. Each begins with a header that says what the attempt
 * is and how far it had come, so that a segment can be removed once the server has what is in it. A record that a crash
 * cut short is recognised by its checksum. The specification of a run is not kept: it may hold secrets, and nothing is
 * ever started from a journal.
 */
export class Journal {
  /** Number that the next event gets. */
  nextEvent: number;
  ackedThrough: number;
  /** Bytes per channel, gaps counted. */
  offsets: number[];
  /** Bytes of output of the attempt, gaps counted. */
  dataEnd: number;
  /** Bodies of unacknowledged events. */
  spooledBytes = 0;
  /** Holds the output of a supervised command. */
  spool: SpoolReader | undefined;
  /** Records of the kind Relayed so far. */
  relayed: number;
  readonly #segments: Segments;
  #entries: Entry[] = [];
  // Entries before it are freed; the array is cut when that is worth it.
  #first = 0;
  #cachedBytes = 0;

  /** Describe a journal; nothing is on disk before `begin`. */
  constructor(
    directory: string,
    readonly header: RunHeader,
  ) {
    this.#segments = new Segments(directory, `${header.runId}.${header.attempt}`);
    this.nextEvent = header.nextEvent;
    this.ackedThrough = header.nextEvent - 1;
    this.offsets = header.offsets.length > 0 ? [...header.offsets] : header.channels.map(() => 0);
    this.dataEnd = sum(this.offsets);
    this.relayed = header.relayed ?? 0;
  }

  /**
   * Create the first segment with its header and `records`, in one write.
   *
   * @throws a system error: the disk is full or broken; nothing is left behind.
   */
  begin(...records: JournalRecord[]): void {
    try {
      this.#openSegment(0, records);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /**
   * Add records in one write; those with an event number become entries.
   *
   * @throws a system error: the disk is full or broken; the journal is as it was before.
   */
  append(...records: JournalRecord[]): void {
    const { active, activeBytes } = this.#segments;
    if (activeBytes >= SEGMENT_BYTES) {
      this.#openSegment(active + 1, []);
    }
    const position = this.#segments.activeBytes;
    this.#segments.append(encoded(records));
    this.#addEntries(records, position);
  }

  /** Take an event into the account although it couldn't be written; it lives in memory only. */
  appendInMemory(record: JournalRecord): void {
    this.#addEntry(record, this.#segments.active, -1);
  }

  /** The file that has to be synced for the journal to be durable. */
  get activeDescriptor(): number | undefined {
    return this.#segments.activeDescriptor;
  }

  /** Number of the oldest event still held, or the number the next one will get. */
  get firstUnacked(): number {
    return this.#entries[this.#first]?.record.eventNo ?? this.nextEvent;
  }

  /** Bytes of output that the server has. */
  get dataAcked(): number {
    return this.#entries[this.#first]?.dataStart ?? this.dataEnd;
  }

  /** The entry of an event, or undefined if there is none (yet, or any more). */
  entry(eventNo: number): Entry | undefined {
    const index = this.#first + eventNo - this.firstUnacked;
    return index < this.#first ? undefined : this.#entries[index];
  }

  /**
   * The body of an entry, from memory or from disk; memory is given back.
   *
   * @throws a system error: the disk is broken.
   */
  body(entry: Entry): Buffer {
    const { record, extent } = entry;
    if (extent !== undefined && this.spool !== undefined) {
      return this.spool.read(record.channel, extent.position, extent.length);
    }
    if (entry.position < 0 || entry.bodyBytes === 0) {
      return record.body;
    }
    if (record.body.length > 0) {
      const { body } = record;
      record.body = Buffer.alloc(0);
      this.#cachedBytes -= body.length;
      return body;
    }
    const body = this.#segments.reader(entry.segment)(entry.position + HEAD_BYTES, entry.bodyBytes);
    if (body.length !== entry.bodyBytes) {
      throw new Error("the journal is shorter than it was");
    }
    return body;
  }

  /** Forget events up to `eventNo`, and remove the segments that hold nothing else. */
  releaseThrough(eventNo: number): void {
    for (;;) {
      const entry = this.#entries[this.#first];
      if (entry === undefined || entry.record.eventNo > eventNo) {
        break;
      }
      this.#first += 1;
      this.spooledBytes -= entry.bodyBytes;
      if (entry.extent !== undefined) {
        this.spool?.release(entry.record.channel, entry.extent.position + entry.extent.length);
      } else if (entry.position >= 0) {
        this.#cachedBytes -= entry.record.body.length;
        entry.record.body = Buffer.alloc(0);
      }
    }
    if (this.#first > 1024 || this.#first === this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    this.ackedThrough = Math.max(this.ackedThrough, Math.min(eventNo, this.nextEvent - 1));
    this.#segments.dropBefore(this.#entries[this.#first]?.segment ?? this.#segments.active);
  }

  /** After a restart: forget what an earlier process knew to be acknowledged, for it removed the output. */
  releaseReclaimed(): void {
    const known = this.#entries.filter(
      ({ record, extent }) =>
        extent !== undefined && this.spool?.isReleased(record.channel, extent.position) === true,
    );
    this.releaseThrough(known.at(-1)?.record.eventNo ?? 0);
  }

  /** Give the held events numbers after `eventNo`, which the server already knows. */
  renumberAfter(eventNo: number): void {
    let number = eventNo;
    for (const entry of this.#entries.slice(this.#first)) {
      number += 1;
      entry.record.eventNo = number;
    }
    this.ackedThrough = eventNo;
    this.nextEvent = number + 1;
  }

  /** Remove all segments. Harmless if done before. */
  remove(): void {
    this.#segments.dropAll();
    this.#entries = [];
    this.#first = 0;
    this.spooledBytes = 0;
  }

  /** Let go of the files, and leave them. */
  close(): void {
    this.#segments.close();
  }

  /**
   * Take over a segment that an earlier process wrote, telling `listen` of each record; damage at its end is cut off, and so is
   * what begins with a record for which `listen` says false.
   */
  loadSegment(number: number, listen: (record: JournalRecord) => boolean): void {
    this.#segments.open(number);
    let soundBytes = 0;
    for (const { position, record } of readRecords(this.#segments.reader(number))) {
      if (!listen(record)) {
        break;
      }
      const size = record.body.length;
      if (record.eventNo > 0) {
        this.#addEntry(record, number, position);
      } else if (record.kind === Kind.Header) {
        this.#continueAt(parseHeader(record.body));
      }
      soundBytes = position + HEAD_BYTES + size;
    }
    this.#segments.truncate(soundBytes);
  }

  /** Go on where a segment begins: what lies before it and isn't there was acknowledged. */
  #continueAt(header: RunHeader): void {
    if (header.nextEvent > this.nextEvent) {
      this.#entries = [];
      this.#first = 0;
      this.spooledBytes = 0;
      this.#cachedBytes = 0;
      this.nextEvent = header.nextEvent;
      this.ackedThrough = header.nextEvent - 1;
      this.offsets = [...header.offsets];
      this.dataEnd = sum(this.offsets);
      this.relayed = header.relayed ?? 0;
    }
  }

  #openSegment(number: number, records: JournalRecord[]): void {
    const { nextEvent, offsets, relayed } = this;
    const header = { ...this.header, nextEvent, offsets, relayed };
    const all = [recordOf(Kind.Header, header), ...records];
    this.#segments.begin(number, encoded(all));
    this.#addEntries(all, 0);
  }

  /** Take records into the account that were written one after the other. */
  #addEntries(records: readonly JournalRecord[], position: number): void {
    let next = position;
    for (const record of records) {
      const size = HEAD_BYTES + record.body.length;
      if (record.eventNo > 0) {
        this.#addEntry(record, this.#segments.active, next);
      }
      next += size;
    }
  }

  #addEntry(record: JournalRecord, segment: number, position: number): void {
    const extent = record.kind === Kind.Spooled ? decodeExtent(record.body) : undefined;
    const bodyBytes = extent?.length ?? record.body.length;
    this.nextEvent = record.eventNo + 1;
    const dataStart = this.dataEnd;
    if ([Kind.Output, Kind.Gap, Kind.Spooled].includes(record.kind)) {
      const end = record.kind === Kind.Gap ? gapEnd(record.body) : record.offset + bodyBytes;
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
}

/** Where a gap ends, from the body of its record. */
export function gapEnd(body: Buffer): number {
  return Number(body.readBigUInt64LE(0));
}

/** The header of a segment, from the body of its record. */
export function parseHeader(body: Buffer): RunHeader {
  // The record's checksum holds: it is what this program wrote.
  return JSON.parse(body.toString("utf8")) as RunHeader;
}

function encoded(records: readonly JournalRecord[]): Buffer[] {
  return records.flatMap((record) => [encodeHead(record), record.body]);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
