// Does the file operations of runs.
import { constants } from "node:fs";
import { lstat, mkdir, open, stat } from "node:fs/promises";
import path from "node:path";
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
  type RunSpec,
  type Stat,
  type WriteFile,
} from "../proto/worker_pb.js";
import { FileOperationError, fileError } from "./errors.js";
import { describe, type IsStopped, matching } from "./listing.js";
import { type BytePath, fromWire, resolve, resolveLinks, toBuffer } from "./paths.js";
import { replaceFile, writeAll } from "./replacing.js";
import { copyTree, removeTree } from "./trees.js";

const MOST_CONTENT_BYTES = 128 << 10;
const MOST_ENTRIES = 10_000;
const PERMISSIONS = 0o777;
const DEFAULT_MODE = 0o644;

/**
 * Do the file operation of `spec` below `root`; resolves with its results, of which the last may be an error.
 *
 * @throws StoppedError the run is to be ended.
 */
export async function perform(root: BytePath, spec: RunSpec, isStopped: IsStopped): Promise<FileResult[]> {
  const results: FileResult[] = [];
  try {
    if (!["remove", "stat", "glob", "readFile"].includes(spec.operation.case ?? "")) {
      await mkdir(toBuffer(root), { recursive: true });
    }
    for await (const result of produce(root, spec, isStopped)) {
      results.push(result);
    }
  } catch (error) {
    const failure = fileError(root, error, operationPath(spec));
    if (failure === undefined) {
      throw error;
    }
    results.push(create(FileResultSchema, { error: failure }));
  }
  return results;
}

async function* produce(root: BytePath, spec: RunSpec, isStopped: IsStopped): AsyncGenerator<FileResult> {
  const { operation } = spec;
  switch (operation.case) {
    case "makeDirectory":
      yield await makeDirectory(root, operation.value);
      break;
    case "remove": {
      const changed = await removeTree(resolve(root, fromWire(operation.value.path)), isStopped);
      yield create(FileResultSchema, { changed });
      break;
    }
    case "copy":
      yield await copy(root, operation.value, isStopped);
      break;
    case "stat":
      yield await statPath(root, operation.value);
      break;
    case "glob":
      yield await globPaths(root, operation.value, isStopped);
      break;
    case "writeFile":
      yield await writeFile(root, operation.value);
      break;
    case "readFile":
      yield await readFile(root, operation.value);
      break;
  }
}

async function makeDirectory(root: BytePath, operation: MakeDirectory): Promise<FileResult> {
  const absolute = resolveLinks(root, fromWire(operation.path));
  const existed = await isDirectory(absolute);
  await mkdir(toBuffer(absolute), { recursive: true });
  return create(FileResultSchema, { changed: !existed });
}

async function copy(root: BytePath, operation: Copy, isStopped: IsStopped): Promise<FileResult> {
  const destination = fromWire(operation.destination);
  const source = resolve(root, fromWire(operation.source));
  const target = resolve(root, destination);
  if (source === target || `${source}/`.startsWith(`${target}/`) || `${target}/`.startsWith(`${source}/`)) {
    throw new FileOperationError(FileErrorCode.IO, destination, "source and destination contain each other");
  }
  await lstat(toBuffer(source));
  await mkdir(toBuffer(path.posix.dirname(target)), { recursive: true });
  await removeTree(target, isStopped);
  await copyTree(source, target, isStopped);
  return create(FileResultSchema, { changed: true });
}

async function statPath(root: BytePath, operation: Stat): Promise<FileResult> {
  const absolute = resolve(root, fromWire(operation.path));
  try {
    return create(FileResultSchema, { entries: [await describe(root, absolute, operation.sha256)] });
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) {
      return create(FileResultSchema);
    }
    throw error;
  }
}

/** The entries that match. */
async function globPaths(root: BytePath, operation: Glob, isStopped: IsStopped): Promise<FileResult> {
  const limit = Math.min(operation.limit || MOST_ENTRIES, MOST_ENTRIES);
  const found = new Set<BytePath>();
  let truncated = false;
  for (const pattern of operation.patterns) {
    for await (const absolute of matching(root, fromWire(pattern), isStopped)) {
      if (found.size === limit && !found.has(absolute)) {
        truncated = true;
        break;
      }
      found.add(absolute);
    }
  }
  const entries: FileEntry[] = [];
  for (const absolute of [...found].sort()) {
    entries.push(await describe(root, absolute));
  }
  return create(FileResultSchema, { entries, truncated });
}

async function writeFile(root: BytePath, operation: WriteFile): Promise<FileResult> {
  const relative = fromWire(operation.path);
  if (operation.content.length > MOST_CONTENT_BYTES) {
    const message = `more than ${MOST_CONTENT_BYTES} bytes have to go through a blob`;
    throw new FileOperationError(FileErrorCode.TOO_LARGE, relative, message);
  }
  const target = resolve(root, relative);
  if (operation.makeParents) {
    await mkdir(toBuffer(path.posix.dirname(target)), { recursive: true });
  }
  const mode = operation.mode & PERMISSIONS || DEFAULT_MODE;
  await replaceFile(target, mode, (file) => writeAll(file, operation.content));
  return create(FileResultSchema, { changed: true });
}

async function readFile(root: BytePath, operation: ReadFile): Promise<FileResult> {
  const relative = fromWire(operation.path);
  const limit = Math.min(operation.limit || MOST_CONTENT_BYTES, MOST_CONTENT_BYTES);
  const absolute = resolveLinks(root, relative);
  const file = await open(toBuffer(absolute), constants.O_RDONLY | constants.O_NONBLOCK);
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

async function isDirectory(absolute: BytePath): Promise<boolean> {
  try {
    return (await stat(toBuffer(absolute))).isDirectory();
  } catch {
    // There is none, or it can't be examined: making it gives the reason.
    return false;
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
