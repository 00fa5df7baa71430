// Does the file operations of runs.
import { lstat, mkdir } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { systemCode } from "../log.js";
import {
  type Copy,
  type FileEntry,
  FileErrorCode,
  type FileResult,
  FileResultSchema,
  type Glob,
  type MakeDirectory,
  type ReadFile,
  type Remove,
  type RunSpec,
  type Stat,
  type WriteFile,
} from "../proto/worker_pb.js";
import { type OpenDirectory, withOpened, withPlaceOf } from "./contained.js";
import { FileOperationError, fileError } from "./errors.js";
import type { Place } from "./held-directory.js";
import { checkPattern, describe, type IsStopped, matching } from "./listing.js";
import { type BuildDirectory, type BytePath, fromWire, partsOf } from "./paths.js";
import { replaceFile, writeAll } from "./replacing.js";
import { copyTree, removeTree } from "./trees.js";

const MOST_CONTENT_BYTES = 128 << 10;
const MOST_ENTRIES = 10_000;
const PERMISSIONS = 0o777;
const DEFAULT_MODE = 0o644;

/**
 * Do the file operation of `spec` in a build directory, which is made for what changes something there; resolves with its results,
 * of which the last may be an error.
 *
 * @throws StoppedError the run is to be ended.
 */
export async function perform(
  directory: BuildDirectory,
  spec: RunSpec,
  isStopped: IsStopped,
): Promise<FileResult[]> {
  try {
    return [await produce(directory, spec, isStopped)];
  } catch (error) {
    const failure = fileError(directory.path, error, operationPath(spec));
    if (failure === undefined) {
      throw error;
    }
    return [create(FileResultSchema, { error: failure })];
  }
}

async function produce(
  directory: BuildDirectory,
  { operation }: RunSpec,
  isStopped: IsStopped,
): Promise<FileResult> {
  switch (operation.case) {
    case "makeDirectory":
      return withOpened(directory, true, (tree) => makeDirectory(tree, operation.value));
    case "remove":
      return remove(directory, operation.value, isStopped);
    case "copy":
      return withOpened(directory, true, (tree) => copy(tree, operation.value, isStopped));
    case "stat":
      partsOf(fromWire(operation.value.path));
      return orNothing(withOpened(directory, false, (tree) => statPath(tree, operation.value)));
    case "glob":
      operation.value.patterns.map(fromWire).forEach(checkPattern);
      return orNothing(withOpened(directory, false, (tree) => globPaths(tree, operation.value, isStopped)));
    case "writeFile":
      return withOpened(directory, true, (tree) => writeFile(tree, operation.value));
    case "readFile":
      partsOf(fromWire(operation.value.path));
      return withOpened(directory, false, (tree) => readFile(tree, operation.value));
    default:
      throw new Error("this isn't a file operation");
  }
}

async function makeDirectory(tree: OpenDirectory, operation: MakeDirectory): Promise<FileResult> {
  const relative = fromWire(operation.path);
  if (partsOf(relative).length === 0) {
    return create(FileResultSchema, { changed: false });
  }
  return tree.at(relative, { make: true, follow: true }, async (place) => {
    try {
      await mkdir(place.system);
      return create(FileResultSchema, { changed: true });
    } catch (error) {
      if (systemCode(error) === "EEXIST" && (await lstat(place.system)).isDirectory()) {
        return create(FileResultSchema, { changed: false });
      }
      throw error;
    }
  });
}

async function remove(
  directory: BuildDirectory,
  operation: Remove,
  isStopped: IsStopped,
): Promise<FileResult> {
  const relative = fromWire(operation.path);
  const removeThere = (place: Place): Promise<boolean> => removeTree(place, isStopped);
  const isAll = partsOf(relative).length === 0;
  let isReached = false;
  try {
    const changed = await (isAll
      ? withPlaceOf(directory, removeThere)
      : withOpened(directory, false, (tree) =>
          tree.at(relative, {}, (place) => {
            isReached = true;
            return removeThere(place);
          }),
        ));
    return create(FileResultSchema, { changed });
  } catch (error) {
    if (!isReached && ["ENOENT", "ENOTDIR"].includes(systemCode(error))) {
      return create(FileResultSchema, { changed: false });
    }
    throw error;
  }
}

async function copy(tree: OpenDirectory, operation: Copy, isStopped: IsStopped): Promise<FileResult> {
  const [from, to] = [fromWire(operation.source), fromWire(operation.destination)];
  const refuse = (): never => {
    throw new FileOperationError(FileErrorCode.IO, to, "source and destination contain each other");
  };
  if (partsOf(from).length === 0 || partsOf(to).length === 0) {
    refuse();
  }
  await tree.at(from, {}, async (source) => {
    await lstat(source.system);
    await tree.at(to, { make: true }, async (target) => {
      if (
        `${source.path}/`.startsWith(`${target.path}/`) ||
        `${target.path}/`.startsWith(`${source.path}/`)
      ) {
        refuse();
      }
      await removeTree(target, isStopped);
      await copyTree(source, target, isStopped);
    });
  });
  return create(FileResultSchema, { changed: true });
}

async function statPath(tree: OpenDirectory, operation: Stat): Promise<FileResult> {
  return create(FileResultSchema, {
    entries: [await describe(tree, fromWire(operation.path), operation.sha256)],
  });
}

/** The entries that match. */
async function globPaths(tree: OpenDirectory, operation: Glob, isStopped: IsStopped): Promise<FileResult> {
  const limit = Math.min(operation.limit || MOST_ENTRIES, MOST_ENTRIES);
  const found = new Set<BytePath>();
  let truncated = false;
  for (const pattern of operation.patterns) {
    for (const path of await matching(tree, fromWire(pattern), isStopped)) {
      if (found.size === limit && !found.has(path)) {
        truncated = true;
        break;
      }
      found.add(path);
    }
  }
  const entries: FileEntry[] = [];
  for (const path of [...found].sort()) {
    entries.push(await describe(tree, path));
  }
  return create(FileResultSchema, { entries, truncated });
}

async function writeFile(tree: OpenDirectory, operation: WriteFile): Promise<FileResult> {
  const relative = fromWire(operation.path);
  if (operation.content.length > MOST_CONTENT_BYTES) {
    const message = `more than ${MOST_CONTENT_BYTES} bytes have to go through a blob`;
    throw new FileOperationError(FileErrorCode.TOO_LARGE, relative, message);
  }
  const mode = operation.mode & PERMISSIONS || DEFAULT_MODE;
  await tree.at(relative, { make: operation.makeParents }, (target) =>
    replaceFile(target, mode, (file) => writeAll(file, operation.content)),
  );
  return create(FileResultSchema, { changed: true });
}

async function readFile(tree: OpenDirectory, operation: ReadFile): Promise<FileResult> {
  const relative = fromWire(operation.path);
  const limit = Math.min(operation.limit || MOST_CONTENT_BYTES, MOST_CONTENT_BYTES);
  const file = await tree.openFile(relative, { follow: true });
  try {
    if (!(await file.stat()).isFile()) {
      throw new FileOperationError(FileErrorCode.IS_A_DIRECTORY, relative, "not a regular file");
    }
    const buffer = Buffer.alloc(limit + 1);
    const { bytesRead } = await file.read(buffer, 0, limit + 1, Number(operation.offset));
    const content = buffer.subarray(0, Math.min(bytesRead, limit));
    return create(FileResultSchema, { content, truncated: bytesRead > limit });
  } finally {
    await file.close();
  }
}

/** An empty result where there is nothing. */
async function orNothing(result: Promise<FileResult>): Promise<FileResult> {
  try {
    return await result;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) {
      return create(FileResultSchema);
    }
    throw error;
  }
}

/** The path that an error of the operation concerns, if it names none itself. */
function operationPath({ operation }: RunSpec): BytePath {
  switch (operation.case) {
    case "copy":
      return fromWire(operation.value.source);
    case "makeDirectory":
    case "remove":
    case "stat":
    case "writeFile":
    case "readFile":
      return fromWire(operation.value.path);
    default:
      return "";
  }
}
