// The files that a journal consists of.
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
import type { ReadAt } from "./records.js";

const PRIVATE = 0o600;

/** The files of one journal, `<name>.<number>.journal`; the last of them is the active one, which is written. */
export class Segments {
  /** Number of the active segment. */
  active = 0;
  /** Size of the active segment. */
  activeBytes = 0;
  readonly #open = new Map<number, number>();

  constructor(
    private readonly directory: string,
    private readonly name: string,
  ) {}

  /** The descriptor of the active segment, to be synced. */
  get activeDescriptor(): number | undefined {
    return this.#open.get(this.active);
  }

  /**
   * Create a segment that begins with `buffers`; it becomes the active one.
   *
   * @throws a system error: the disk is full or broken; all is as it was before.
   */
  create(number: number, buffers: Buffer[]): void {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND;
    const descriptor = openSync(this.#path(number), flags, PRIVATE);
    const { active, activeBytes } = this;
    this.#open.set(number, descriptor);
    this.active = number;
    this.activeBytes = 0;
    try {
      this.append(buffers);
    } catch (error) {
      // At once, since its name is needed again at the next try.
      closeSync(descriptor);
      this.#open.delete(number);
      unlinkSync(this.#path(number));
      this.active = active;
      this.activeBytes = activeBytes;
      throw error;
    }
  }

  /**
   * Write all buffers at the end of the active segment.
   *
   * @throws a system error: the disk is full or broken; all is as it was before.
   */
  append(buffers: Buffer[]): void {
    const descriptor = this.#descriptor(this.active);
    const wanted = buffers.reduce((total, buffer) => total + buffer.length, 0);
    try {
      let written = writevSync(descriptor, buffers);
      while (written < wanted) {
        // The rest didn't fit; writing it alone gives the reason, or succeeds.
        written += writevSync(descriptor, [Buffer.concat(buffers).subarray(written)]);
      }
    } catch (error) {
      try {
        ftruncateSync(descriptor, this.activeBytes);
      } catch {
        // The first error tells more.
      }
      throw error;
    }
    this.activeBytes += wanted;
  }

  /** Open a segment that an earlier process wrote; it becomes the active one. How much of it is sound is for `truncate` to say. */
  open(number: number): void {
    this.#open.set(number, openSync(this.#path(number), constants.O_RDWR | constants.O_APPEND));
    this.active = number;
    this.activeBytes = 0;
  }

  /** Cut the active segment off after so many bytes. */
  truncate(bytes: number): void {
    ftruncateSync(this.#descriptor(this.active), bytes);
    this.activeBytes = bytes;
  }

  /** A function that reads a segment. */
  reader(number: number): ReadAt {
    const descriptor = this.#descriptor(number);
    return (position, length) => {
      const buffer = Buffer.allocUnsafe(length);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, length, position));
    };
  }

  /** Remove the segments before `number`, except for the first, which says what process was started. */
  removeBefore(number: number): void {
    for (const each of [...this.#open.keys()].filter((candidate) => 0 < candidate && candidate < number)) {
      this.remove(each);
    }
  }

  /** Remove a segment; harmless if it isn't open. */
  remove(number: number): void {
    const descriptor = this.#open.get(number);
    if (descriptor === undefined) {
      return;
    }
    closeSync(descriptor);
    this.#open.delete(number);
    if (number > 0 || this.active > 0) {
      // Without waiting: megabytes take the file system a while. If it fails, the next start removes it.
      unlink(this.#path(number), () => undefined);
    } else {
      unlinkSync(this.#path(number));
    }
  }

  /** Remove all. */
  removeAll(): void {
    for (const number of [...this.#open.keys()]) {
      this.remove(number);
    }
  }

  /** Close the files; they stay on disk. */
  close(): void {
    for (const descriptor of this.#open.values()) {
      closeSync(descriptor);
    }
    this.#open.clear();
  }

  #descriptor(number: number): number {
    const descriptor = this.#open.get(number);
    if (descriptor === undefined) {
      throw new Error(`journal segment ${this.#path(number)} isn't open`);
    }
    return descriptor;
  }

  #path(number: number): string {
    return path.join(this.directory, `${this.name}.${number}.journal`);
  }
}
