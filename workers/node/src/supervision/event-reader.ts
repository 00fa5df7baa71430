// Reads the events that a supervisor appends to a file.
import { closeSync, openSync, readSync } from "node:fs";
import type { SupervisorEvent } from "../contract/directory.js";

const READ_BYTES = 1 << 16;
const NEWLINE = 0x0a;

/** Reads one `events` file from its beginning on, each event once. */
export class EventReader {
  #bytesRead = 0;

  constructor(private readonly file: string) {}

  /**
   * Events that were written since the last call, oldest first; none while there is no file.
   *
   * @throws a system error: the disk is broken.
   */
  newEvents(): SupervisorEvent[] {
    const content = readFrom(this.file, this.#bytesRead);
    // The last line may be half written.
    const whole = content.subarray(0, content.lastIndexOf(NEWLINE) + 1);
    this.#bytesRead += whole.length;
    return whole
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as SupervisorEvent);
  }
}

/** What a file holds from a position on; nothing if it isn't there. */
function readFrom(file: string, position: number): Buffer {
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return Buffer.alloc(0);
  }
  try {
    const parts: Buffer[] = [];
    for (let at = position; ; ) {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      const length = readSync(descriptor, buffer, 0, READ_BYTES, at);
      if (length === 0) {
        return Buffer.concat(parts);
      }
      parts.push(buffer.subarray(0, length));
      at += length;
    }
  } finally {
    closeSync(descriptor);
  }
}
