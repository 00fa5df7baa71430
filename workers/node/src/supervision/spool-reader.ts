// Reads back the output that a supervisor has written to disk.
import { closeSync, openSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { segmentPath } from "../contract/directory.js";

/**
 * Reads the output of one supervised command from its segments, files of equal size.
 *
 * A position counts the bytes of a channel from its beginning, those left out not counted.
 */
export class SpoolReader {
  constructor(
    private readonly directory: string,
    private readonly segmentBytes: number,
  ) {}

  /** How much of a channel has been written, of which `known` bytes were found before. */
  end(channel: number, known: number): number {
    for (let number = Math.floor(known / this.segmentBytes); ; number += 1) {
      const file = segmentPath(this.directory, channel, number);
      const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
      if (size < this.segmentBytes) {
        return number * this.segmentBytes + size;
      }
    }
  }

  /**
   * Bytes that were written.
   *
   * @throws an error: they can't be read (any more).
   */
  read(channel: number, position: number, length: number): Buffer {
    const parts: Buffer[] = [];
    let at = position;
    while (at < position + length) {
      const number = Math.floor(at / this.segmentBytes);
      const offset = at - number * this.segmentBytes;
      const wanted = Math.min(position + length - at, this.segmentBytes - offset);
      const part = readSegment(segmentPath(this.directory, channel, number), offset, wanted);
      parts.push(part);
      at += part.length;
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }
}

function readSegment(file: string, offset: number, length: number): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const buffer = Buffer.allocUnsafe(length);
    const part = buffer.subarray(0, readSync(descriptor, buffer, 0, length, offset));
    if (part.length === 0) {
      throw new Error(`spooled output in ${path.basename(file)} is shorter than it was`);
    }
    return part;
  } finally {
    closeSync(descriptor);
  }
}
