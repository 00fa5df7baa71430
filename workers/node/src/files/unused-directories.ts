// Removes the build directories that nothing has used for long, as those of builders that are no more.
import { randomBytes } from "node:crypto";
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
} from "node:fs";
import path from "node:path";
import { log, reasonOf, systemCode } from "../log.js";
import type { WorkerSettings } from "../settings.js";
import { sleep } from "../timing.js";
import { StoppedError } from "./errors.js";
import { HeldDirectory, Place } from "./held-directory.js";
import type { IsStopped } from "./listing.js";
import { fromText } from "./paths.js";
import { removeTree } from "./trees.js";

/** How often a worker that runs looks for them. */
const LOOK_SECONDS = 6 * 3_600;

const ASIDE = ".unused-";
const ASIDE_BYTES = 4;
const MILLISECONDS = 1_000;

type Settings = Pick<WorkerSettings, "stateDirectory" | "workDirectory" | "keepSeconds">;

/**
 * Notes when build directories are used, and removes those that weren't for `keepSeconds`; 0: never.
 *
 * Each has a note in `used/` in the state directory, named as the directory, whose time is that of the last use. What has
 * none was made by somebody else, or by a version without notes, and is left alone.
 */
export class UnusedDirectories {
  readonly #notes: string;
  readonly #workDirectory: string;
  readonly #keepSeconds: number;

  constructor({ stateDirectory, workDirectory, keepSeconds = 0 }: Settings) {
    this.#notes = path.join(stateDirectory, "used");
    this.#workDirectory = workDirectory;
    this.#keepSeconds = keepSeconds;
  }

  /** Remove what is due, now and again; between look and move no run can begin. */
  async keepRemoving(
    atWork: () => readonly { readonly builddir: string }[],
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      try {
        const unused = this.putAside(atWork().map(({ builddir }) => builddir));
        await removeAll(unused, () => signal.aborted);
      } catch (error) {
        log.warning(`unused build directories can't be looked for: ${reasonOf(error)}`);
      }
      await sleep(LOOK_SECONDS, signal);
    }
  }

  /** Note that a run is about to use a build directory. */
  note(builddir: string): void {
    const name = firstName(builddir);
    if (!isPlain(name)) {
      return; // The run is about to be refused.
    }
    try {
      mkdirSync(this.#notes, { recursive: true, mode: 0o700 });
      const file = path.join(this.#notes, name);
      closeSync(openSync(file, "a", 0o600));
      const now = new Date();
      utimesSync(file, now, now);
    } catch (error) {
      log.warning(`the use of build directory ${name} can't be noted: ${reasonOf(error)}`);
    }
  }

  /**
   * Move those that are due out of the way of runs that begin, and give where they are; whoever called removes them.
   *
   * `busy` are the build directories of runs that are at work. What was moved before and not removed comes, too.
   *
   * @throws a system error.
   */
  putAside(busy: readonly string[]): string[] {
    if (this.#keepSeconds === 0) {
      return [];
    }
    const used = new Set(busy.map(firstName));
    const before = Date.now() - this.#keepSeconds * MILLISECONDS;
    for (const name of namesIn(this.#notes)) {
      const note = path.join(this.#notes, name);
      if (used.has(name) || lstatSync(note).mtimeMs > before) {
        continue;
      }
      const directory = path.join(this.#workDirectory, name);
      if (isDirectory(directory)) {
        const aside = `${ASIDE}${randomBytes(ASIDE_BYTES).toString("hex")}-${name}`;
        renameSync(directory, path.join(this.#workDirectory, aside));
        log.info(`removing the build directory ${name}: nothing has used it for long`);
      }
      rmSync(note, { force: true });
    }
    return namesIn(this.#workDirectory)
      .filter((name) => name.startsWith(ASIDE))
      .map((name) => path.join(this.#workDirectory, name));
  }
}

/**
 * Remove them with all that is in them, also what is read-only, until the worker ends.
 *
 * What can't be removed is tried again when they are looked for the next time.
 */
export async function removeAll(directories: readonly string[], isStopped: IsStopped): Promise<void> {
  for (const directory of directories) {
    try {
      const above = HeldDirectory.at(fromText(path.dirname(directory)));
      await above.during((held) =>
        removeTree(new Place(held, fromText(path.basename(directory))), isStopped),
      );
    } catch (error) {
      if (error instanceof StoppedError) {
        return;
      }
      log.warning(`${directory} can't be removed: ${reasonOf(error)}`);
    }
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    if (systemCode(error) === "ENOENT") {
      return [];
    }
    throw error;
  }
}

function isDirectory(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function firstName(builddir: string): string {
  return builddir.split("/", 1)[0] ?? "";
}

function isPlain(name: string): boolean {
  return !["", ".", ".."].includes(name) && !/[\0\\]/.test(name) && !name.startsWith(ASIDE);
}
