// Describes what lies in a build directory, and finds what matches a pattern.
import { createHash } from "node:crypto";
import { createReadStream, type Dirent } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { systemCode } from "../log.js";
import { type FileEntry, FileEntrySchema, FileType } from "../proto/worker_pb.js";
import { nanosecondsTimestamp } from "../timing.js";
import { StoppedError } from "./errors.js";
import { type BytePath, fromText, PathEscapesError, partsOf, relativeTo, toBuffer, toWire } from "./paths.js";
import { compile } from "./patterns.js";

const PERMISSIONS = 0o7777n;
const HASH_READ_BYTES = 1 << 20;

/** Whether the run is to be ended; asked between files. */
export type IsStopped = () => boolean;

/**
 * What there is at an absolute path, links not followed.
 *
 * @throws a system error: there is nothing, or it can't be examined.
 */
export async function describe(root: BytePath, absolute: BytePath, withDigest = false): Promise<FileEntry> {
  const status = await lstat(toBuffer(absolute), { bigint: true });
  const entry = create(FileEntrySchema, {
    path: toWire(relativeTo(root, absolute)),
    type: FileType.OTHER,
    mode: Number(status.mode & PERMISSIONS),
    modifiedAt: nanosecondsTimestamp(status.mtimeNs),
  });
  if (status.isFile()) {
    entry.type = FileType.REGULAR;
    entry.size = status.size;
    if (withDigest) {
      entry.sha256 = await digest(absolute);
    }
  } else if (status.isDirectory()) {
    entry.type = FileType.DIRECTORY;
  } else if (status.isSymbolicLink()) {
    entry.type = FileType.SYMLINK;
    entry.linkTarget = await readlink(toBuffer(absolute), { encoding: "buffer" });
  }
  return entry;
}

/**
 * SHA-256 of a file's content.
 *
 * @throws StoppedError the run is to be ended.
 */
export async function digest(absolute: BytePath, isStopped: IsStopped = () => false): Promise<Buffer> {
  const hash = createHash("sha256");
  for await (const data of createReadStream(toBuffer(absolute), { highWaterMark: HASH_READ_BYTES })) {
    if (isStopped()) {
      throw new StoppedError();
    }
    hash.update(data);
  }
  return hash.digest();
}

/**
 * Absolute paths below `root` that match, in order of their bytes; directories behind links aren't entered.
 *
 * @throws PathEscapesError the pattern leads out of `root`.
 * @throws a system error: a directory can't be read, so that what matches isn't known.
 * @throws StoppedError the run is to be ended.
 */
export async function* matching(
  root: BytePath,
  pattern: BytePath,
  isStopped: IsStopped,
): AsyncGenerator<BytePath> {
  if (pattern.startsWith("/") || pattern.split("/").includes("..")) {
    throw new PathEscapesError(pattern);
  }
  yield* walk(root, partsOf(pattern), isStopped);
}

async function* walk(
  directory: BytePath,
  [first, ...rest]: readonly BytePath[],
  isStopped: IsStopped,
): AsyncGenerator<BytePath> {
  if (isStopped()) {
    throw new StoppedError();
  }
  if (first === undefined) {
    return;
  }
  const found = await entriesOf(directory);
  if (first === "**") {
    // Nothing in between, then one level deeper each.
    if (rest.length > 0) {
      yield* walk(directory, rest, isStopped);
    } else {
      yield* found.map(({ name }) => `${directory}/${name}`);
    }
    for (const entry of found.filter((each) => each.isDirectory())) {
      yield* walk(`${directory}/${entry.name}`, [first, ...rest], isStopped);
    }
    return;
  }
  const expression = compile(readable(first));
  for (const entry of found.filter(({ name }) => expression.test(readable(name)))) {
    if (rest.length === 0) {
      yield `${directory}/${entry.name}`;
    } else if (entry.isDirectory()) {
      yield* walk(`${directory}/${entry.name}`, rest, isStopped);
    }
  }
}

async function entriesOf(directory: BytePath): Promise<Dirent[]> {
  try {
    const entries = await readdir(toBuffer(directory), { encoding: "latin1", withFileTypes: true });
    return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (error) {
    if (["ENOTDIR", "ENOENT"].includes(systemCode(error))) {
      return [];
    }
    throw error;
  }
}

/** A name as text where it is UTF-8, so that "?" means one character. */
function readable(name: BytePath): string {
  const text = Buffer.from(name, "latin1").toString("utf8");
  return fromText(text) === name ? text : name;
}
