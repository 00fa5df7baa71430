// The journal of one attempt: its events, on disk before they are sent.
import { Entries, type Entry } from "./entries.js";
import {
  decodeContent,
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

/** Reads output that is kept outside of the journal, by the supervisor of a command. */
export interface OutputReader {
  /** Bytes of a channel. Throws if they can't be read. */
  read(channel: number, position: number, length: number): Buffer;
}

/** Deletes output that is kept outside of the journal. */
export interface OutputReclaimer {
  /** Bytes of a channel before `position` are needed no more. */
  reclaim(channel: number, position: number): void;
  /** Whether the byte at `position` was deleted. */
  isReclaimed(channel: number, position: number): boolean;
}

/**
 * Appends to, reads from, and frees the segments of one attempt.
 *
 * It has one or more segments, `<run id>.<attempt>.<segment>.journal`. Each begins with a header that says what the attempt
 * is and how far it had come, so that a segment can be removed once the server has what is in it. A record that a crash
 * cut short is recognised by its checksum. The specification of a run is not kept: it may hold secrets, and nothing is
 * ever started from a journal.
 */
export class Journal {
  readonly #segments: Segments;
  readonly #entries: Entries;
  #outputReader: OutputReader | undefined;
  #outputReclaimer: OutputReclaimer | undefined;

  /** Describe a journal; nothing is on disk before `begin`. */
  constructor(
    directory: string,
    readonly header: RunHeader,
  ) {
    this.#segments = new Segments(directory, `${header.runId}.${header.attempt}`);
    this.#entries = new Entries(header);
  }

  /** Number that the next event gets. */
  get nextEvent(): number {
    return this.#entries.nextEvent;
  }

  /** The highest event that the server has acknowledged. */
  get ackedThrough(): number {
    return this.#entries.ackedThrough;
  }

  /** Number of the oldest event still held, or the number the next one will get. */
  get firstUnacked(): number {
    return this.#entries.firstUnacked;
  }

  /** Bytes per channel, gaps counted. */
  get offsets(): readonly number[] {
    return this.#entries.offsets;
  }

  /** Bytes of output of the attempt, gaps counted. */
  get dataEnd(): number {
    return this.#entries.dataEnd;
  }

  /** Bytes of output that the server has. */
  get dataAcked(): number {
    return this.#entries.dataAcked;
  }

  /** Bodies of unacknowledged events. */
  get spooledBytes(): number {
    return this.#entries.spooledBytes;
  }

  /** Records of the kind Relayed so far. */
  get relayed(): number {
    return this.#entries.relayed;
  }

  /** The file that has to be synced for the journal to be durable. */
  get activeDescriptor(): number | undefined {
    return this.#segments.activeDescriptor;
  }

  /** From here on, records of the kind Spooled tell of output that these two read and delete. */
  attachSpool(reader: OutputReader, reclaimer: OutputReclaimer): void {
    this.#outputReader = reader;
    this.#outputReclaimer = reclaimer;
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

  /** Add an event that couldn't be written to disk; it is kept in memory only, and lost when the worker ends. */
  appendInMemory(record: JournalRecord): void {
    this.#entries.add(record, this.#segments.active, -1);
  }

  /** The entry of an event, or undefined if there is none (yet, or any more). */
  entry(eventNo: number): Entry | undefined {
    return this.#entries.find(eventNo);
  }

  /**
   * The body of an entry, from memory or from disk; it isn't kept in memory after that.
   *
   * @throws a system error: the disk is broken.
   */
  body(entry: Entry): Buffer {
    const { record, extent } = entry;
    if (extent !== undefined && this.#outputReader !== undefined) {
      return this.#outputReader.read(record.channel, extent.position, extent.length);
    }
    if (entry.position < 0 || entry.bodyBytes === 0) {
      return record.body;
    }
    const cached = this.#entries.takeCached(entry);
    if (cached !== undefined) {
      return cached;
    }
    const body = this.#segments.reader(entry.segment)(entry.position + HEAD_BYTES, entry.bodyBytes);
    if (body.length !== entry.bodyBytes) {
      throw new Error("the journal is shorter than it was");
    }
    return body;
  }

  /** Drop acknowledged events up to `eventNo`, and remove the segments that hold nothing else. */
  releaseThrough(eventNo: number): void {
    for (const { record, extent } of this.#entries.releaseThrough(eventNo)) {
      if (extent !== undefined) {
        this.#outputReclaimer?.reclaim(record.channel, extent.position + extent.length);
      }
    }
    this.#segments.removeBefore(this.#entries.firstSegment ?? this.#segments.active);
  }

  /** After a restart: drop events whose output an earlier process deleted, since those were acknowledged. */
  releaseReclaimed(): void {
    const reclaimed = this.#entries.held.filter(
      ({ record, extent }) =>
        extent !== undefined && this.#outputReclaimer?.isReclaimed(record.channel, extent.position) === true,
    );
    this.releaseThrough(reclaimed.at(-1)?.record.eventNo ?? 0);
  }

  /** Give the held events numbers after `eventNo`, which the server already knows. */
  renumberAfter(eventNo: number): void {
    this.#entries.renumberAfter(eventNo);
  }

  /** Remove all segments. Harmless if done before. */
  remove(): void {
    this.#segments.removeAll();
    this.#entries.clear();
  }

  /** Close the files; they stay on disk. */
  close(): void {
    this.#segments.close();
  }

  /**
   * Load a segment that an earlier process wrote, calling `accept` with each record. Damage at its end is cut off, and so is
   * what begins with a record that isn't accepted.
   */
  loadSegment(number: number, accept: (record: JournalRecord) => boolean): void {
    this.#segments.open(number);
    let soundBytes = 0;
    for (const { position, record } of readRecords(this.#segments.reader(number))) {
      if (!accept(record)) {
        break;
      }
      const size = record.body.length;
      if (record.eventNo > 0) {
        this.#entries.add(record, number, position);
      } else if (record.kind === Kind.Header) {
        this.#entries.continueAt(decodeContent<RunHeader>(record.body));
      }
      soundBytes = position + HEAD_BYTES + size;
    }
    this.#segments.truncate(soundBytes);
  }

  #openSegment(number: number, records: JournalRecord[]): void {
    const { nextEvent, offsets, relayed } = this;
    const header = { ...this.header, nextEvent, offsets, relayed };
    const all = [recordOf(Kind.Header, header), ...records];
    this.#segments.create(number, encoded(all));
    this.#addEntries(all, 0);
  }

  /** Add the events among records that were written one after the other, from `position` on. */
  #addEntries(records: readonly JournalRecord[], position: number): void {
    let next = position;
    for (const record of records) {
      const size = HEAD_BYTES + record.body.length;
      if (record.eventNo > 0) {
        this.#entries.add(record, this.#segments.active, next);
      }
      next += size;
    }
  }
}

function encoded(records: readonly JournalRecord[]): Buffer[] {
  return records.flatMap((record) => [encodeHead(record), record.body]);
}
