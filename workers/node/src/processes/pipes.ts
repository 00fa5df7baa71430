// Makes the pipes that connect a process with this one.
import { execFile } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, rmSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { reasonOf } from "../log.js";

const runFile = promisify(execFile);

const NAMES_AT_ONCE = 12;

/** A pipe: one end stays here, the descriptor of the other is given to a child and then closed here. */
export interface Pipe {
  readonly ownEnd: Socket;
  readonly childDescriptor: number;
}

/**
 * Makes real pipes.
 *
 * Node.js connects children by sockets, one per stream: a child can't open such a stream again by its name ("echo > /dev/stderr"
 * fails), and two streams in one keep no common order. A named pipe that both ends have opened and that has lost its name is a
 * plain pipe. Names are made several at once, because making them takes a process.
 */
export class PipeStore {
  readonly #directory: string;
  #names: string[] = [];
  #made = 0;
  #making: Promise<void> | undefined;

  /** `directory` is this store's alone; what an earlier process left in it is removed. */
  constructor(directory: string) {
    this.#directory = directory;
    rmSync(directory, { recursive: true, force: true });
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  /**
   * So many new names, each good for one pipe.
   *
   * @throws an error that says why no pipe can be made.
   */
  async take(count: number): Promise<string[]> {
    while (this.#names.length < count) {
      this.#making ??= this.#make().finally(() => {
        this.#making = undefined;
      });
      await this.#making;
    }
    return this.#names.splice(0, count);
  }

  async #make(): Promise<void> {
    const names = Array.from({ length: NAMES_AT_ONCE }, (_, index) =>
      path.join(this.#directory, `${this.#made + index}`),
    );
    this.#made += NAMES_AT_ONCE;
    try {
      await runFile("mkfifo", ["-m", "600", ...names]);
    } catch (error) {
      throw new Error(`mkfifo can't make pipes in ${this.#directory}: ${reasonOf(error)}`);
    }
    this.#names.push(...names);
  }
}

/** A pipe that a child writes and this process reads. Uses up the name. */
export function openOutput(name: string): Pipe {
  // The reader first, and without waiting for a writer; then the writer finds one.
  const reader = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  const childDescriptor = openChildEnd(name, constants.O_WRONLY, reader);
  return { ownEnd: new Socket({ fd: reader, readable: true, writable: false }), childDescriptor };
}

/** A pipe that this process writes and a child reads. Uses up the name. */
export function openInput(name: string): Pipe {
  const reader = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const writer = openSync(name, constants.O_WRONLY | constants.O_NONBLOCK);
    // Opened anew, since the child's end must wait for bytes.
    const childDescriptor = openChildEnd(name, constants.O_RDONLY, writer);
    return { ownEnd: new Socket({ fd: writer, readable: false, writable: true }), childDescriptor };
  } finally {
    closeSync(reader);
  }
}

function openChildEnd(name: string, flags: number, opened: number): number {
  try {
    return openSync(name, flags);
  } catch (error) {
    closeSync(opened);
    throw error;
  } finally {
    unlinkSync(name);
  }
}
