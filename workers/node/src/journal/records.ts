// The records of a journal: what they mean, and how they lie on disk.
import type { ProcessIdentity } from "../processes/procfs.js";
import { crc32c } from "./crc32c.js";

/** Bytes of the fixed head before each body. */
export const HEAD_BYTES = 48;

// A body is an event of at most one message; anything longer is damage.
const LONGEST_BODY_BYTES = 1 << 20;
const EXTENT_BYTES = 16;
const GAP_END_BYTES = 8;

/** What a record means. */
export enum Kind {
  /** First of each segment: a RunHeader as JSON. */
  Header = 1,
  /** An event that isn't output, as a RunEvent. */
  Event = 2,
  /** Bytes of a channel. */
  Output = 3,
  /** A process is about to be started. */
  Starting = 4,
  /** It was started: a ProcessIdentity as JSON. */
  Process = 5,
  /** Bytes of a channel left out, from the record's offset to the one in its body (8 bytes, little-endian). */
  Gap = 6,
  /** A supervisor is about to be started: a SupervisionHeader as JSON. */
  Supervised = 7,
  /** Bytes of a channel that lie in the supervisor's spool: an Extent. */
  Spooled = 8,
  /** An event that isn't output and that the supervisor wrote down, as a RunEvent. */
  Relayed = 9,
}

/** What an attempt is, and how far it had come when its segment began. */
export interface RunHeader {
  readonly runId: string;
  readonly attempt: number;
  /** A decimal number: fences may exceed what JSON's readers keep exact. */
  readonly fence: string;
  readonly cookie: string;
  readonly builddir: string;
  readonly bootId: string;
  readonly channels: readonly string[];
  readonly nextEvent: number;
  readonly offsets: readonly number[];
  /** Records of the kind Relayed before the segment; absent: none. */
  readonly relayed?: number;
}

/** What a later worker process has to know of a supervised attempt. */
export interface SupervisionHeader {
  /** Size of the segments in which the supervisor keeps output. */
  readonly segmentBytes: number;
  /** How long it may go on while no server is connected; 0: for ever. */
  readonly orphanSeconds: number;
  /** A RunSpec with what is to be done after the command, in hexadecimal digits; it holds no secret. Empty: nothing. */
  readonly afterwards: string;
}

/** Where output lies in its channel's spool, and its checksum as it goes over the wire. */
export interface Extent {
  readonly position: number;
  readonly length: number;
  readonly crc32c: number;
}

/** What some kinds of records hold as JSON. */
export type RecordContent = RunHeader | ProcessIdentity | SupervisionHeader;

/** One record; `body` is empty when only its head is held in memory. */
export interface JournalRecord {
  readonly kind: Kind;
  readonly channel: number;
  eventNo: number;
  readonly offset: number;
  readonly wallNanoseconds: bigint;
  readonly monotonicNanoseconds: bigint;
  body: Buffer;
  bodyCrc32c: number;
}

/** An extent as the body of a record. */
export function encodeExtent({ position, length, crc32c: checksum }: Extent): Buffer {
  const body = Buffer.alloc(EXTENT_BYTES);
  body.writeBigUInt64LE(BigInt(position), 0);
  body.writeUInt32LE(length, 8);
  body.writeUInt32LE(checksum, 12);
  return body;
}

/** An extent from the body of a record. */
export function decodeExtent(body: Buffer): Extent {
  return {
    position: Number(body.readBigUInt64LE(0)),
    length: body.readUInt32LE(8),
    crc32c: body.readUInt32LE(12),
  };
}

/** The offset at which a gap ends, as the body of a record. */
export function encodeGapEnd(offset: number): Buffer {
  const body = Buffer.alloc(GAP_END_BYTES);
  body.writeBigUInt64LE(BigInt(offset));
  return body;
}

/** The offset at which a gap ends, from the body of a record. */
export function decodeGapEnd(body: Buffer): number {
  return Number(body.readBigUInt64LE(0));
}

/** What the body of a record holds as JSON. Its checksum holds: it is what this program wrote. */
export function decodeContent<T extends RecordContent>(body: Buffer): T {
  return JSON.parse(body.toString("utf8")) as T;
}

/** A record that isn't an event. */
export function recordOf(kind: Kind, content?: RecordContent): JournalRecord {
  const body = content === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(content));
  return {
    kind,
    channel: 0,
    eventNo: 0,
    offset: 0,
    wallNanoseconds: 0n,
    monotonicNanoseconds: 0n,
    body,
    bodyCrc32c: crc32c(body),
  };
}

/**
 * The head that stands before the record's body.
 *
 * Its checksum covers the rest of it, which holds the body's checksum; for output that is the one that also goes over
 * the wire, so that each byte is summed once.
 */
export function encodeHead(record: JournalRecord): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(record.body.length, 4);
  head.writeUInt32LE(record.bodyCrc32c, 8);
  head.writeUInt8(record.kind, 12);
  head.writeUInt8(record.channel, 13);
  head.writeBigUInt64LE(BigInt(record.eventNo), 16);
  head.writeBigUInt64LE(BigInt(record.offset), 24);
  head.writeBigUInt64LE(record.wallNanoseconds, 32);
  head.writeBigUInt64LE(record.monotonicNanoseconds, 40);
  head.writeUInt32LE(crc32c(head.subarray(4)), 0);
  return head;
}

/** Where a file's bytes come from: `length` of them from `position`, fewer at the end. */
export type ReadAt = (position: number, length: number) => Buffer;

/** Each whole record with the position of its head, up to the end or the first damage. */
export function* readRecords(readAt: ReadAt): Generator<{ position: number; record: JournalRecord }> {
  let position = 0;
  for (;;) {
    const head = readAt(position, HEAD_BYTES);
    if (head.length < HEAD_BYTES || head.readUInt32LE(0) !== crc32c(head.subarray(4))) {
      return;
    }
    const length = head.readUInt32LE(4);
    if (length > LONGEST_BODY_BYTES) {
      return;
    }
    const body = readAt(position + HEAD_BYTES, length);
    if (body.length < length || crc32c(body) !== head.readUInt32LE(8)) {
      return;
    }
    yield { position, record: decode(head, body) };
    position += HEAD_BYTES + length;
  }
}

function decode(head: Buffer, body: Buffer): JournalRecord {
  return {
    kind: head.readUInt8(12),
    channel: head.readUInt8(13),
    eventNo: Number(head.readBigUInt64LE(16)),
    offset: Number(head.readBigUInt64LE(24)),
    wallNanoseconds: head.readBigUInt64LE(32),
    monotonicNanoseconds: head.readBigUInt64LE(40),
    body,
    bodyCrc32c: head.readUInt32LE(8),
  };
}
