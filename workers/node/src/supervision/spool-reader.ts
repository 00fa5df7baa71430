import { closeSync, existsSync, openSync, readdirSync, readSync, statSync, unlink } from "node:fs";
import path from "node:path";

/**
 * The output that a supervisor keeps: files of one size for each channel, until the server has what is in them.
 *
 * A position counts the bytes of a channel from its beginning, those left out not counted.
 */
export class SpoolReader {
  readonly #oldest = new Map<number, number>();

  constructor(
    private readonly directory: string,
    private readonly segmentBytes: number,
  ) {
    // What an earlier process removed isn't there.
    for (const name of existsSync(directory) ? readdirSync(directory) : []) {
      const [channel, number] = name.split(".").map(Number);
      if (channel !== undefined && number !== undefined) {
        this.#oldest.set(channel, Math.min(this.#oldest.get(channel) ?? number, number));
      }
    }
  }

  /** How much has been written, of which `known` bytes were found before. */
  end(channel: number, known: number): number {
    for (let number = Math.floor(known / this.segmentBytes); ; number += 1) {
      const size = statSync(this.#path(channel, number), { throwIfNoEntry: false })?.size ?? 0;
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
      const part = readSegment(this.#path(channel, number), offset, wanted);
      parts.push(part);
      at += part.length;
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }

  /** Remove the files in which everything lies before `position`. */
  release(channel: number, position: number): void {
    const end = Math.floor(position / this.segmentBytes);
    for (let number = this.#oldest.get(channel) ?? 0; number < end; number += 1) {
      // Files of megabytes take the file system a while.
      unlink(this.#path(channel, number), () => undefined);
      this.#oldest.set(channel, number + 1);
    }
  }

  /** Whether the byte at `position` was removed, which is done only when the server has it. */
  isReleased(channel: number, position: number): boolean {
    return !existsSync(this.#path(channel, Math.floor(position / this.segmentBytes)));
  }

  #path(channel: number, number: number): string {
    return path.join(this.directory, `${channel}.${String(number).padStart(8, "0")}`);
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
