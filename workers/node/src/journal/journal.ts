import {
  closeSync,
  constants,
  ftruncateSync,
  openSync,
  readSync,
  unlink,
  unlinkSync,
  writevSync,
} from "node:fs";
import path from "node:path";
import {
  encodeHead,
  HEAD_BYTES,
  type JournalRecord,
  Kind,
  type ReadAt,
  type RunHeader,
  readRecords,
  recordOf,
} from "./records.js";

/** A segment that has this many bytes is followed by another. */
export const SEGMENT_BYTES = 8 << 20;

// Output that waits in memory to be sent; what is beyond is read back from disk.
const CACHED_BYTES_PER_RUN = 1 << 20;
const PRIVATE = 0o600;

/** One event that the server may not have yet, and where to find it. */
export interface Entry {
  readonly record: JournalRecord;
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
  readonly #directory: string;
  #entries: Entry[] = [];
  // Entries before it are freed; the array is cut when that is worth it.
  #first = 0;
  readonly #descriptors = new Map<number, number>();
  #active = 0;
  #activeBytes = 0;
  #cachedBytes = 0;

  /** Describe a journal; nothing is on disk before `begin`. */
  constructor(
    directory: string,
    readonly header: RunHeader,
  ) {
    this.#directory = directory;
    this.nextEvent = header.nextEvent;
    this.ackedThrough = header.nextEvent - 1;
    this.offsets = header.offsets.length > 0 ? [...header.offsets] : header.channels.map(() => 0);
    this.dataEnd = sum(this.offsets);
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
    if (this.#activeBytes >= SEGMENT_BYTES) {
      this.#openSegment(this.#active + 1, []);
    }
    this.#write(records);
  }

  /** Take an event into the account although it couldn't be written; it lives in memory only. */
  note(record: JournalRecord): void {
    this.#enter(record, this.#active, -1);
  }

  /** The file that has to be synced for the journal to be durable. */
  get activeDescriptor(): number | undefined {
    return this.#descriptors.get(this.#active);
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
    const { record } = entry;
    if (entry.position < 0 || entry.bodyBytes === 0) {
      return record.body;
    }
    if (record.body.length > 0) {
      const { body } = record;
      record.body = Buffer.alloc(0);
      this.#cachedBytes -= body.length;
      return body;
    }
    const body = this.#reader(entry.segment)(entry.position + HEAD_BYTES, entry.bodyBytes);
    if (body.length !== entry.bodyBytes) {
      throw new Error(`journal segment ${this.#path(entry.segment)} is shorter than it was`);
    }
    return body;
  }

  /** Forget events up to `eventNo`, and remove the segments that hold nothing else. */
  freeThrough(eventNo: number): void {
    for (;;) {
      const entry = this.#entries[this.#first];
      if (entry === undefined || entry.record.eventNo > eventNo) {
        break;
      }
      this.#first += 1;
      this.spooledBytes -= entry.bodyBytes;
      if (entry.position >= 0) {
        this.#cachedBytes -= entry.record.body.length;
        entry.record.body = Buffer.alloc(0);
      }
    }
    if (this.#first > 1024 || this.#first === this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    this.ackedThrough = Math.max(this.ackedThrough, Math.min(eventNo, this.nextEvent - 1));
    // The first segment stays: it tells which process the attempt started.
    const needed = this.#entries[this.#first]?.segment ?? this.#active;
    for (const number of [...this.#descriptors.keys()].filter((each) => 0 < each && each < needed)) {
      this.#dropSegment(number);
    }
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
    for (const number of [...this.#descriptors.keys()]) {
      this.#dropSegment(number);
    }
    this.#entries = [];
    this.#first = 0;
    this.spooledBytes = 0;
  }

  /** Let go of the files, and leave them. */
  close(): void {
    for (const descriptor of this.#descriptors.values()) {
      closeSync(descriptor);
    }
    this.#descriptors.clear();
  }

  /** Take over a segment that an earlier process wrote, telling `listen` of each record; damage at its end is cut off. */
  adopt(number: number, listen: (record: JournalRecord) => void): void {
    const descriptor = openSync(this.#path(number), constants.O_RDWR | constants.O_APPEND);
    this.#descriptors.set(number, descriptor);
    this.#active = number;
    this.#activeBytes = 0;
    for (const { position, record } of readRecords(this.#reader(number))) {
      listen(record);
      const size = record.body.length;
      if (record.eventNo > 0) {
        this.#enter(record, number, position);
      } else if (record.kind === Kind.Header) {
        this.#catchUp(parseHeader(record.body));
      }
      this.#activeBytes = position + HEAD_BYTES + size;
    }
    ftruncateSync(descriptor, this.#activeBytes);
  }

  /** Go on where a segment begins: what lies before it and isn't there was acknowledged. */
  #catchUp(header: RunHeader): void {
    if (header.nextEvent > this.nextEvent) {
      this.#entries = [];
      this.#first = 0;
      this.spooledBytes = 0;
      this.#cachedBytes = 0;
      this.nextEvent = header.nextEvent;
      this.ackedThrough = header.nextEvent - 1;
      this.offsets = [...header.offsets];
      this.dataEnd = sum(this.offsets);
    }
  }

  #openSegment(number: number, records: JournalRecord[]): void {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND;
    const descriptor = openSync(this.#path(number), flags, PRIVATE);
    const previous = { active: this.#active, bytes: this.#activeBytes };
    this.#active = number;
    this.#activeBytes = 0;
    this.#descriptors.set(number, descriptor);
    const header = { ...this.header, nextEvent: this.nextEvent, offsets: this.offsets };
    try {
      this.#write([recordOf(Kind.Header, header), ...records]);
    } catch (error) {
      this.#dropSegment(number);
      this.#active = previous.active;
      this.#activeBytes = previous.bytes;
      throw error;
    }
  }

  #write(records: JournalRecord[]): void {
    const descriptor = this.#descriptors.get(this.#active);
    if (descriptor === undefined) {
      throw new Error("the journal isn't open");
    }
    writeWhole(
      descriptor,
      records.flatMap((record) => [encodeHead(record), record.body]),
      this.#activeBytes,
    );
    for (const record of records) {
      const size = HEAD_BYTES + record.body.length;
      if (record.eventNo > 0) {
        this.#enter(record, this.#active, this.#activeBytes);
      }
      this.#activeBytes += size;
    }
  }

  #enter(record: JournalRecord, segment: number, position: number): void {
    const bodyBytes = record.body.length;
    this.nextEvent = record.eventNo + 1;
    const dataStart = this.dataEnd;
    if (record.kind === Kind.Output || record.kind === Kind.Gap) {
      const end = record.kind === Kind.Output ? record.offset + bodyBytes : gapEnd(record.body);
      this.dataEnd += end - (this.offsets[record.channel] ?? 0);
      this.offsets[record.channel] = end;
    }
    this.#entries.push({ record, bodyBytes, segment, position, dataStart, dataEnd: this.dataEnd });
    this.spooledBytes += bodyBytes;
    if (position >= 0) {
      if (this.#cachedBytes + bodyBytes > CACHED_BYTES_PER_RUN) {
        record.body = Buffer.alloc(0);
      }
      this.#cachedBytes += record.body.length;
    }
  }

  #reader(segment: number): ReadAt {
    const descriptor = this.#descriptors.get(segment);
    if (descriptor === undefined) {
      throw new Error(`journal segment ${this.#path(segment)} isn't open`);
    }
    return (position, length) => {
      const buffer = Buffer.allocUnsafe(length);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, length, position));
    };
  }

  #dropSegment(number: number): void {
    const descriptor = this.#descriptors.get(number);
    if (descriptor === undefined) {
      return;
    }
    closeSync(descriptor);
    this.#descriptors.delete(number);
    if (number > 0 || this.#active > 0) {
      // It may have megabytes, which take the file system a while; if it fails, the next start deals with it.
      unlink(this.#path(number), () => undefined);
    } else {
      unlinkSync(this.#path(number));
    }
  }

  #path(number: number): string {
    return path.join(this.#directory, `${this.header.runId}.${this.header.attempt}.${number}.journal`);
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

/** Write all buffers at the end of the file, or leave it as it was. */
function writeWhole(descriptor: number, buffers: Buffer[], sizeBefore: number): void {
  const wanted = sum(buffers.map((buffer) => buffer.length));
  try {
    let written = writevSync(descriptor, buffers);
    while (written < wanted) {
      // The rest didn't fit; writing it alone gives the reason, or succeeds.
      written += writevSync(descriptor, [Buffer.concat(buffers).subarray(written)]);
    }
  } catch (error) {
    try {
      ftruncateSync(descriptor, sizeBefore);
    } catch {
      // The first error tells more.
    }
    throw error;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
