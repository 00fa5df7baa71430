// Opens what lies in a build directory so that no link leads out of it, whoever swaps what for a link meanwhile.
//
// Every path is walked name by name from a directory that is held open, each step by the descriptor of the one before and without
// following links: what was opened did lie there, as a directory, when it was opened. A link on the way is read, not followed by the
// system; where it leads to is walked from the top again, and refused if that isn't in the build directory.
import { constants, mkdirSync, openSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { HeldDirectory, Place, stepInto } from "./held-directory.js";
import {
  type BuildDirectory,
  type BytePath,
  namesBelow,
  PathEscapesError,
  partsOf,
  plainParts,
  realPath,
  toBuffer,
} from "./paths.js";

// That one path may lead through, as in the kernel.
const MOST_LINKS = 40;
// A named pipe must not keep the run waiting for a writer.
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** How a path is walked. */
export interface WalkOptions {
  /** Make the directories on the way that aren't there. */
  readonly make?: boolean;
  /** Whether a link that has the last name is resolved as well. */
  readonly follow?: boolean;
}

/** A build directory that is held open, and the way to all that lies in it. Links work as long as they lead to something in it. */
export class OpenDirectory {
  constructor(readonly held: HeldDirectory) {}

  /**
   * Have `work` done with the place that a path of the protocol means.
   *
   * @throws PathEscapesError it leads out.
   * @throws a system error: there is no such directory, or it is the build directory itself.
   */
  async at<T>(relative: BytePath, options: WalkOptions, work: (place: Place) => Promise<T>): Promise<T> {
    const { directory, name } = this.#walk(relative, true, options);
    return directory.during(() => work(new Place(directory, name)));
  }

  /**
   * Hold a directory, links resolved.
   *
   * @throws PathEscapesError it leads out.
   * @throws a system error: there is no such directory.
   */
  enter(relative: BytePath, options: WalkOptions = {}): HeldDirectory {
    return this.#walk(relative, false, options).directory;
  }

  /**
   * Open a file for reading; its last name must not be a link unless `follow` is set.
   *
   * @throws PathEscapesError it leads out.
   * @throws a system error: it can't be read, or is a link.
   */
  openFile(relative: BytePath, options: WalkOptions = {}): Promise<FileHandle> {
    return this.at(relative, options, ({ system }) => open(system, READ));
  }

  /** As `openFile`, at once. */
  openFileSync(relative: BytePath, options: WalkOptions = {}): number {
    const { directory, name } = this.#walk(relative, true, options);
    return directory.duringSync(() => openSync(directory.of(name), READ));
  }

  /** The directory that a path leads to, or that its last name is in. */
  #walk(
    relative: BytePath,
    toLast: boolean,
    { make = false, follow = false }: WalkOptions,
  ): { directory: HeldDirectory; name: BytePath } {
    let pending = partsOf(relative);
    let reached: BytePath[] = [];
    let links = 0;
    let directory = this.held.again();
    try {
      for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
        const isLast = toLast && pending.length === 0 && name !== "..";
        let target: BytePath | undefined;
        if (isLast) {
          target = follow ? directory.linkTarget(name) : undefined;
          if (target === undefined) {
            return { directory, name };
          }
        } else if (name !== "..") {
          const below = stepInto(directory, name, make);
          if (below instanceof HeldDirectory) {
            directory.close();
            directory = below;
            reached.push(name);
            continue;
          }
          target = below;
        }
        if (target !== undefined) {
          links += 1;
        }
        if (links > MOST_LINKS) {
          throw new PathEscapesError(relative);
        }
        // From the top again: what was passed may be something else by now.
        pending = [...this.#ledTo(reached, target, relative), ...pending];
        reached = [];
        const top = this.held.again();
        directory.close();
        directory = top;
      }
      if (toLast) {
        throw Object.assign(new Error("EISDIR: illegal operation on a directory"), {
          code: "EISDIR",
          syscall: "open",
          path: directory.path,
        });
      }
      return { directory, name: "." };
    } catch (error) {
      directory.duringSync(() => {
        throw error;
      });
      throw error;
    }
  }

  /** The parts, from the top, that a link in the directory `reached` leads to; without one those of the directory above. */
  #ledTo(reached: readonly BytePath[], target: BytePath | undefined, asked: BytePath): BytePath[] {
    if (target === undefined) {
      if (reached.length === 0) {
        throw new PathEscapesError(asked);
      }
      return reached.slice(0, -1);
    }
    if (!target.startsWith("/")) {
      return [...reached, ...plainParts(target)];
    }
    // The same directory may have another name. Whatever comes of it is walked like any other path.
    const below = namesBelow(this.held.path, target) ?? namesBelow(this.held.path, realPath(target));
    if (below === undefined) {
      throw new PathEscapesError(asked);
    }
    return below;
  }
}

/**
 * Have `work` done with a build directory that is held open; with `make` it is made if it isn't there.
 *
 * @throws PathEscapesError it was replaced by a link.
 * @throws a system error.
 */
export async function withOpened<T>(
  directory: BuildDirectory,
  make: boolean,
  work: (tree: OpenDirectory) => Promise<T>,
): Promise<T> {
  return openReal(directory, directory.names, make).during((held) => work(new OpenDirectory(held)));
}

/** As `withOpened`, for work that waits for nothing. */
export function withOpenedSync<T>(
  directory: BuildDirectory,
  make: boolean,
  work: (tree: OpenDirectory) => T,
): T {
  return openReal(directory, directory.names, make).duringSync((held) => work(new OpenDirectory(held)));
}

/**
 * Have `work` done with the place of a build directory in the one above it.
 *
 * @throws PathEscapesError a directory above it was replaced by a link.
 * @throws a system error.
 */
export async function withPlaceOf<T>(
  directory: BuildDirectory,
  work: (place: Place) => Promise<T>,
): Promise<T> {
  const above = openReal(directory, directory.names.slice(0, -1), false);
  return above.during(() => work(new Place(above, directory.names.at(-1) ?? "")));
}

function openReal(of: BuildDirectory, names: readonly BytePath[], make: boolean): HeldDirectory {
  if (make) {
    mkdirSync(toBuffer(of.workDirectory), { recursive: true });
  }
  let directory = HeldDirectory.at(of.workDirectory);
  for (const name of names) {
    const above = directory;
    directory = above.duringSync(() => {
      const below = stepInto(above, name, make);
      if (below instanceof HeldDirectory) {
        return below;
      }
      throw new PathEscapesError(of.names.join("/"));
    });
  }
  return directory;
}
