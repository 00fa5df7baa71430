// Holds directories open, so that what is named in them is in them, whatever their own paths lead to meanwhile.
//
// Node.js can't open relative to a descriptor, but Linux has a path for each: /proc/self/fd/N. Where there is none, as on macOS,
// directories are reached by their real paths, and a link that is put in the way between two steps is followed.
import { closeSync, constants, existsSync, mkdirSync, openSync, readlinkSync } from "node:fs";
import { systemCode } from "../log.js";
import { type BytePath, toBuffer } from "./paths.js";

const DESCRIPTORS = "/proc/self/fd";
const HAS_DESCRIPTORS = existsSync(DESCRIPTORS);
// O_PATH, which Node.js has no name for: to go through a directory one need not be allowed to list it.
const PASS = HAS_DESCRIPTORS ? 0o10000000 : constants.O_RDONLY;
const DIRECTORY = constants.O_DIRECTORY | PASS;

/** A path that means what a descriptor means, whatever else changes; undefined where the system has none. */
export function descriptorPath(descriptor: number): string | undefined {
  return HAS_DESCRIPTORS ? `${DESCRIPTORS}/${descriptor}` : undefined;
}

/** A directory that is held open. What is named in it is in it, whatever its own path leads to meanwhile. */
export class HeldDirectory {
  private constructor(
    private readonly descriptor: number,
    /** Its real path when it was opened. */
    readonly path: BytePath,
  ) {}

  /**
   * Hold a directory that nobody swaps; links are followed.
   *
   * @throws a system error.
   */
  static at(absolute: BytePath): HeldDirectory {
    return new HeldDirectory(openSync(toBuffer(absolute), DIRECTORY), absolute);
  }

  /** What Node's functions take for the directory itself. */
  get itself(): string | Buffer {
    return HAS_DESCRIPTORS ? `${DESCRIPTORS}/${this.descriptor}` : toBuffer(this.path);
  }

  /** What Node's functions take for what has a name in it. */
  of(name: BytePath): Buffer {
    return Buffer.concat([Buffer.from(this.itself), toBuffer(`/${name}`)]);
  }

  /**
   * Hold a directory in it, and perhaps make it; never what a link leads to.
   *
   * @throws a system error: there is none, or a link.
   */
  enter(name: BytePath, make = false): HeldDirectory {
    const flags = DIRECTORY | constants.O_NOFOLLOW;
    const inner = this.path === "/" ? `/${name}` : `${this.path}/${name}`;
    try {
      return new HeldDirectory(openSync(this.of(name), flags), inner);
    } catch (error) {
      if (!make || systemCode(error) !== "ENOENT") {
        throw error;
      }
    }
    try {
      mkdirSync(this.of(name));
    } catch (error) {
      if (systemCode(error) !== "EEXIST") {
        throw error;
      }
    }
    return new HeldDirectory(openSync(this.of(name), flags), inner);
  }

  /** Where a link in it leads to; undefined for anything else. */
  linkTarget(name: BytePath): BytePath | undefined {
    try {
      return readlinkSync(this.of(name), { encoding: "latin1" });
    } catch {
      return undefined;
    }
  }

  /** Hold it once more. */
  again(): HeldDirectory {
    return HAS_DESCRIPTORS
      ? new HeldDirectory(openSync(`${DESCRIPTORS}/${this.descriptor}`, DIRECTORY), this.path)
      : HeldDirectory.at(this.path);
  }

  /** Let go of it when `work` is done; a system error about something in it then says so by its path. */
  async during<T>(work: (held: this) => Promise<T>): Promise<T> {
    try {
      return await work(this);
    } catch (error) {
      this.#rename(error);
      throw error;
    } finally {
      closeSync(this.descriptor);
    }
  }

  /** As `during`, for work that waits for nothing. */
  duringSync<T>(work: (held: this) => T): T {
    try {
      return work(this);
    } catch (error) {
      this.#rename(error);
      throw error;
    } finally {
      closeSync(this.descriptor);
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }

  #rename(error: unknown): void {
    if (error instanceof Error && "path" in error && error.path !== undefined) {
      const named =
        error.path instanceof Uint8Array ? Buffer.from(error.path) : Buffer.from(String(error.path));
      const text = named.toString("latin1");
      const own = `${DESCRIPTORS}/${this.descriptor}`;
      if (text === own || text.startsWith(`${own}/`)) {
        error.path = toBuffer(this.path + text.slice(own.length));
      }
    }
  }
}

/** A name in a directory that is held; what has the name, a link perhaps, isn't looked at. */
export class Place {
  constructor(
    readonly directory: HeldDirectory,
    readonly name: BytePath,
  ) {}

  /** What Node's functions take for it. */
  get system(): Buffer {
    return this.directory.of(this.name);
  }

  /** Its real path, as far as its name isn't that of a link. */
  get path(): BytePath {
    return `${this.directory.path}/${this.name}`;
  }

  /** Another name in the same directory. */
  beside(name: BytePath): Place {
    return new Place(this.directory, name);
  }
}

/** A directory in another one, or where the link leads to that has the name. */
export function stepInto(directory: HeldDirectory, name: BytePath, make: boolean): HeldDirectory | BytePath {
  try {
    return directory.enter(name, make);
  } catch (error) {
    const target = directory.linkTarget(name);
    if (target === undefined) {
      throw error;
    }
    return target;
  }
}
