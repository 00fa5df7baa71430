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

/** The files of one journal, `<name>.<number>.journal`; one of them, the last, is written. */
export class Segments {
  /** Number of the one that is written. */
  active = 0;
  /** Its size. */
  activeBytes = 0;
  readonly #open = new Map<number, number>();

  constructor(
    private readonly directory: string,
    private readonly name: string,
  ) {}

  /** The descriptor of the one that is written, to be synced. */
  get activeDescriptor(): number | undefined {
    return this.#open.get(this.active);
  }

  /**
   * Begin another one with `buffers`.
   *
   * @throws a system error: the disk is full or broken; all is as it was before.
   */
  begin(number: number, buffers: Buffer[]): void {
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
   * Write all buffers at the end.
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

  /** Open one that an earlier process wrote, as the one that is written; it isn't known yet how much of it is sound. */
  open(number: number): void {
    this.#open.set(number, openSync(this.#path(number), constants.O_RDWR | constants.O_APPEND));
    this.active = number;
    this.activeBytes = 0;
  }

  /** Cut off what lies beyond so many bytes. */
  truncate(bytes: number): void {
    ftruncateSync(this.#descriptor(this.active), bytes);
    this.activeBytes = bytes;
  }

  /** How to read one. */
  reader(number: number): ReadAt {
    const descriptor = this.#descriptor(number);
    return (position, length) => {
      const buffer = Buffer.allocUnsafe(length);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, length, position));
    };
  }

  /** Remove those between the first, which tells what process was started, and `number`. */
  dropBefore(number: number): void {
    for (const each of [...this.#open.keys()].filter((candidate) => 0 < candidate && candidate < number)) {
      this.drop(each);
    }
  }

  /** Remove one; harmless if it isn't open. */
  drop(number: number): void {
    const descriptor = this.#open.get(number);
    if (descriptor === undefined) {
      return;
    }
    closeSync(descriptor);
    this.#open.delete(number);
    if (number > 0 || this.active > 0) {
      // It may have megabytes, which take the file system a while; if it fails, the next start deals with it.
      unlink(this.#path(number), () => undefined);
    } else {
      unlinkSync(this.#path(number));
    }
  }

  /** Remove all. */
  dropAll(): void {
    for (const number of [...this.#open.keys()]) {
      this.drop(number);
    }
  }

  /** Let go of the files, and leave them. */
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
