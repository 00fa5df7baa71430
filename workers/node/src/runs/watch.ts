// Turns the growth of files into output, as `tail --follow=name` would.
import { type BigIntStats, closeSync, fstatSync, readSync } from "node:fs";
import { withOpenedSync } from "../files/contained.js";
import type { BuildDirectory, BytePath } from "../files/paths.js";

// A file's growth can't be waited for portably; only runs that ask for it pay for polling.
const INTERVAL_MS = 200;
const READ_BYTES = 1 << 16;
const BYTES_PER_POLL = 4 << 20;

/** One file that need not exist yet; a file that is cut short or replaced is read again from its beginning. */
export class WatchedFile {
  // Kept open, so that the inode of a file that was replaced isn't given to its successor.
  #descriptor: number | undefined;
  #offset = 0;

  constructor(
    private readonly directory: BuildDirectory,
    private readonly path: BytePath,
    fromStart: boolean,
    private readonly feed: (data: Buffer) => void,
  ) {
    this.#descriptor = this.#open();
    if (this.#descriptor !== undefined && !fromStart) {
      this.#offset = Number(status(this.#descriptor).size);
    }
  }

  /** Feed what has been added, up to 4 MiB of each file that had the name. */
  poll(): void {
    if (this.#descriptor !== undefined) {
      this.#read(this.#descriptor);
    }
    const current = this.#open();
    if (current === undefined) {
      return;
    }
    if (this.#descriptor !== undefined && isSame(status(current), status(this.#descriptor))) {
      closeSync(current);
      return;
    }
    this.close();
    this.#descriptor = current;
    this.#offset = 0;
    this.#read(current);
  }

  /** Close the file. */
  close(): void {
    if (this.#descriptor !== undefined) {
      closeSync(this.#descriptor);
      this.#descriptor = undefined;
    }
  }

  #open(): number | undefined {
    let descriptor: number;
    try {
      descriptor = withOpenedSync(this.directory, false, (tree) =>
        tree.openFileSync(this.path, { follow: true }),
      );
    } catch {
      // Not there yet, or not to be read.
      return undefined;
    }
    if (status(descriptor).isFile()) {
      return descriptor;
    }
    closeSync(descriptor);
    return undefined;
  }

  #read(descriptor: number): void {
    const size = Number(status(descriptor).size);
    if (size < this.#offset) {
      this.#offset = 0;
    }
    const end = Math.min(size, this.#offset + BYTES_PER_POLL);
    while (this.#offset < end) {
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      const length = readSync(descriptor, buffer, 0, READ_BYTES, this.#offset);
      if (length === 0) {
        return;
      }
      this.#offset += length;
      this.feed(buffer.subarray(0, length));
    }
  }
}

/** Poll the files again and again, but not while output is blocked; returns how to stop that. */
export function watch(files: readonly WatchedFile[], isBlocked: () => boolean): () => void {
  const timer = setInterval(() => {
    if (!isBlocked()) {
      for (const file of files) {
        file.poll();
      }
    }
  }, INTERVAL_MS);
  return () => clearInterval(timer);
}

function status(descriptor: number): BigIntStats {
  return fstatSync(descriptor, { bigint: true });
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}
