// Describes what lies in a build directory, and finds what matches a pattern.
import { createHash } from "node:crypto";
import type { BigIntStats, Dirent } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { systemCode } from "../log.js";
import { type FileEntry, FileEntrySchema, FileType } from "../proto/worker_pb.js";
import { nanosecondsTimestamp } from "../timing.js";
import type { OpenDirectory } from "./contained.js";
import { StoppedError } from "./errors.js";
import type { HeldDirectory } from "./held-directory.js";
import {
  type BytePath,
  fromText,
  PathEscapesError,
  partsOf,
  plainParts,
  relativeTo,
  toWire,
} from "./paths.js";
import { compile } from "./patterns.js";

const PERMISSIONS = 0o7777n;
const HASH_READ_BYTES = 1 << 20;

/** Whether the run is to be ended; asked between files. */
export type IsStopped = () => boolean;

/**
 * What there is at a path, a link not followed.
 *
 * @throws PathEscapesError it leads out.
 * @throws a system error: there is nothing, or it can't be examined.
 */
export async function describe(tree: OpenDirectory, path: BytePath, withDigest = false): Promise<FileEntry> {
  if (partsOf(path).length === 0) {
    return entryOf(".", await lstat(`${tree.held.itself}/.`, { bigint: true }));
  }
  const entry = await tree.at(path, {}, async (place) => {
    const status = await lstat(place.system, { bigint: true });
    const found = entryOf(relativeTo(tree.held.path, place.path), status);
    if (status.isSymbolicLink()) {
      found.linkTarget = await readlink(place.system, { encoding: "buffer" });
    }
    return found;
  });
  if (withDigest && entry.type === FileType.REGULAR) {
    entry.sha256 = await digest(tree, path);
  }
  return entry;
}

/**
 * SHA-256 of a file's content.
 *
 * @throws PathEscapesError by now it leads out.
 * @throws a system error: it can't be read, or is a link by now.
 * @throws StoppedError the run is to be ended.
 */
export async function digest(
  tree: OpenDirectory,
  path: BytePath,
  isStopped: IsStopped = () => false,
): Promise<Buffer> {
  const hash = createHash("sha256");
  const file = await tree.openFile(path);
  try {
    for await (const data of file.createReadStream({ highWaterMark: HASH_READ_BYTES, autoClose: false })) {
      if (isStopped()) {
        throw new StoppedError();
      }
      hash.update(data);
    }
  } finally {
    await file.close();
  }
  return hash.digest();
}

/**
 * Paths that match, in order of their bytes; directories behind links aren't entered.
 *
 * @throws PathEscapesError the pattern leads out of the build directory.
 * @throws a system error: a directory can't be read, so that what matches isn't known.
 * @throws StoppedError the run is to be ended.
 */
export async function matching(
  tree: OpenDirectory,
  pattern: BytePath,
  isStopped: IsStopped,
): Promise<BytePath[]> {
  checkPattern(pattern);
  const found: BytePath[] = [];
  await walk(tree.held, "", plainParts(pattern), isStopped, found);
  return found;
}

/** @throws PathEscapesError the pattern leads out of the build directory. */
export function checkPattern(pattern: BytePath): void {
  if (pattern.startsWith("/") || pattern.split("/").includes("..")) {
    throw new PathEscapesError(pattern);
  }
}

/** Add what matches in a directory, of which `path` is the path with a slash at its end. */
async function walk(
  directory: HeldDirectory,
  path: BytePath,
  [first, ...rest]: readonly BytePath[],
  isStopped: IsStopped,
  found: BytePath[],
): Promise<void> {
  if (isStopped()) {
    throw new StoppedError();
  }
  if (first === undefined) {
    return;
  }
  const entries = await entriesOf(directory);
  const below = async (name: BytePath, parts: readonly BytePath[]): Promise<void> => {
    const inner = entered(directory, name);
    await inner?.during((held) => walk(held, `${path}${name}/`, parts, isStopped, found));
  };
  if (first === "**") {
    // Nothing in between, then one level deeper each.
    if (rest.length > 0) {
      await walk(directory, path, rest, isStopped, found);
    } else {
      found.push(...entries.map(({ name }) => path + name));
    }
    for (const { name } of entries.filter((each) => each.isDirectory())) {
      await below(name, [first, ...rest]);
    }
    return;
  }
  const expression = compile(readable(first));
  for (const entry of entries.filter(({ name }) => expression.test(readable(name)))) {
    if (rest.length === 0) {
      found.push(path + entry.name);
    } else if (entry.isDirectory()) {
      await below(entry.name, rest);
    }
  }
}

/** A directory in another; undefined if it is none any more. */
function entered(directory: HeldDirectory, name: BytePath): HeldDirectory | undefined {
  try {
    return directory.enter(name);
  } catch (error) {
    if (["ENOTDIR", "ENOENT", "ELOOP"].includes(systemCode(error))) {
      return undefined;
    }
    throw error;
  }
}

async function entriesOf(directory: HeldDirectory): Promise<Dirent[]> {
  const entries = await readdir(directory.itself, { encoding: "latin1", withFileTypes: true });
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function entryOf(path: BytePath, status: BigIntStats): FileEntry {
  const entry = create(FileEntrySchema, {
    path: toWire(path),
    type: FileType.OTHER,
    mode: Number(status.mode & PERMISSIONS),
    modifiedAt: nanosecondsTimestamp(status.mtimeNs),
  });
  if (status.isFile()) {
    entry.type = FileType.REGULAR;
    entry.size = status.size;
  } else if (status.isDirectory()) {
    entry.type = FileType.DIRECTORY;
  } else if (status.isSymbolicLink()) {
    entry.type = FileType.SYMLINK;
  }
  return entry;
}

/** A name as text where it is UTF-8, so that "?" means one character. */
function readable(name: BytePath): string {
  const text = Buffer.from(name, "latin1").toString("utf8");
  return fromText(text) === name ? text : name;
}
