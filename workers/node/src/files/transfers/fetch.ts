// Fetches the files that a run wants from the server's blob store.
import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { type Blob, type FileError, FileErrorCode, type FileIn } from "../../proto/worker_pb.js";
import { type OpenDirectory, withOpened } from "../contained.js";
import { FileOperationError } from "../errors.js";
import type { Place } from "../held-directory.js";
import { type BytePath, fromWire } from "../paths.js";
import { replaceByLink, replaceFile, writeAll } from "../replacing.js";
import type { BlobStore } from "./blob-store.js";
import { type TransferTask, transferError, withRetries } from "./transfer-task.js";

// Neither set-uid nor set-gid: what comes over the line makes nobody mightier.
const PERMISSIONS = 0o777;
const DEFAULT_MODE = 0o644;
// The type of a file in its mode, and two of its values.
const TYPE = 0o170000;
const LINK = 0o120000;
const DIRECTORY = 0o040000;
const LONGEST_LINK_BYTES = 4096n;

/**
 * Fetch the files that the task wants; resolves with what went wrong with the first that can't be had.
 *
 * @throws StoppedError the run is to be ended.
 */
export async function fetchFiles(task: TransferTask, blobs: BlobStore): Promise<FileError | undefined> {
  let path = "";
  try {
    blobs.checkOffered();
    for (const wanted of task.spec.filesIn) {
      path = fromWire(wanted.path);
      await withOpened(task.directory, true, (tree) => fetchOne(task, blobs, tree, wanted));
    }
    return undefined;
  } catch (error) {
    return transferError(task, path, error);
  }
}

/** Make what is wanted: a file, a link or a directory. */
async function fetchOne(
  task: TransferTask,
  blobs: BlobStore,
  tree: OpenDirectory,
  wanted: FileIn,
): Promise<void> {
  const relative = fromWire(wanted.path);
  const { blob } = wanted;
  if ((wanted.mode & TYPE) === DIRECTORY) {
    tree.enter(relative, { make: true }).close();
    return;
  }
  if (blob === undefined) {
    throw new FileOperationError(FileErrorCode.BLOB, relative, "no blob is named");
  }
  const receiveInto = (file: FileHandle): Promise<void> => receive(task, blobs, blob, relative, file);
  await tree.at(relative, { make: true }, (target) =>
    (wanted.mode & TYPE) === LINK
      ? fetchLink(blob, relative, target, receiveInto)
      : replaceFile(target, wanted.mode & PERMISSIONS || DEFAULT_MODE, receiveInto),
  );
}

/** Receive what a link is to point to, and make the link. */
async function fetchLink(
  blob: Blob,
  relative: BytePath,
  target: Place,
  receiveInto: (file: FileHandle) => Promise<void>,
): Promise<void> {
  if (blob.size > LONGEST_LINK_BYTES) {
    const message = `a link has ${LONGEST_LINK_BYTES} bytes at most`;
    throw new FileOperationError(FileErrorCode.TOO_LARGE, relative, message);
  }
  await replaceByLink(target, async (file) => {
    await receiveInto(file);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(Number(blob.size)), 0, Number(blob.size), 0);
    return buffer.subarray(0, bytesRead);
  });
}

/** Write the whole blob to a file, and verify it. */
async function receive(
  task: TransferTask,
  blobs: BlobStore,
  blob: Blob,
  relative: BytePath,
  file: FileHandle,
): Promise<void> {
  if (!(await download(task, blobs, blob, file))) {
    const message = "what arrived isn't what was asked for";
    throw new FileOperationError(FileErrorCode.DIGEST_MISMATCH, relative, message);
  }
}

/** Whether what arrived is the blob; after a broken connection it continues where it stopped. */
async function download(
  task: TransferTask,
  blobs: BlobStore,
  blob: Blob,
  file: FileHandle,
): Promise<boolean> {
  const digest = createHash("sha256");
  let size = 0;
  await withRetries(task, blobs, async (client, stopped) => {
    for await (const data of blobs.read(client, task, blob, size, stopped)) {
      await writeAll(file, data);
      digest.update(data);
      size += data.length;
    }
  });
  return BigInt(size) === blob.size && digest.digest().equals(blob.sha256);
}
