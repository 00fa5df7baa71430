// Uploads files that a run has made to the server's blob store.
import { create } from "@bufbuild/protobuf";
import {
  BlobSchema,
  type FileEntry,
  FileErrorCode,
  type FileOut,
  type FileResult,
  FileResultSchema,
  FileType,
} from "../../proto/worker_pb.js";
import { type OpenDirectory, withOpened } from "../contained.js";
import { FileOperationError } from "../errors.js";
import { describe, digest, matching } from "../listing.js";
import { fromWire } from "../paths.js";
import type { BlobStore } from "./blob-store.js";
import { type TransferTask, transferError, withRetries } from "./transfer-task.js";

const MOST_UPLOADS = 10_000;

/**
 * Upload what the task asks for; what was uploaded before an error stands in the result beside it.
 *
 * @throws StoppedError the run is to be ended.
 */
export async function uploadFiles(
  task: TransferTask,
  blobs: BlobStore,
  hasSucceeded: boolean,
): Promise<FileResult> {
  const result = create(FileResultSchema);
  let path = "";
  try {
    blobs.checkOffered();
    for (const wanted of task.spec.filesOut.filter(({ always }) => hasSucceeded || always)) {
      for (const entry of await withOpened(task.directory, true, (tree) =>
        wantedEntries(task, tree, wanted),
      )) {
        if (result.entries.length === MOST_UPLOADS) {
          const message = `more than ${MOST_UPLOADS} files`;
          throw new FileOperationError(FileErrorCode.TOO_LARGE, fromWire(wanted.pattern), message);
        }
        path = fromWire(entry.path);
        await uploadOne(task, blobs, entry);
        result.entries.push(entry);
      }
    }
  } catch (error) {
    result.error = transferError(task, path, error);
  }
  return result;
}

/** The regular files that match, with their digests. */
async function wantedEntries(
  { stop }: TransferTask,
  tree: OpenDirectory,
  wanted: FileOut,
): Promise<FileEntry[]> {
  const pattern = fromWire(wanted.pattern);
  const entries: FileEntry[] = [];
  for (const path of await matching(tree, pattern, () => stop.isMade)) {
    const entry = await describe(tree, path);
    if (entry.type === FileType.DIRECTORY || entry.type === FileType.SYMLINK) {
      continue;
    }
    if (entry.type !== FileType.REGULAR) {
      const message = `${Buffer.from(entry.path)} is a socket, a pipe or a device, which can't be uploaded`;
      throw new FileOperationError(FileErrorCode.IO, fromWire(entry.path), message);
    }
    if (wanted.sizeLimit > 0n && entry.size > wanted.sizeLimit) {
      const message = `larger than ${wanted.sizeLimit} bytes`;
      throw new FileOperationError(FileErrorCode.TOO_LARGE, fromWire(entry.path), message);
    }
    entry.sha256 = await digest(tree, path, () => stop.isMade);
    entries.push(entry);
  }
  if (entries.length === 0 && !wanted.optional) {
    throw new FileOperationError(FileErrorCode.NOT_FOUND, pattern, "nothing matches");
  }
  return entries;
}

async function uploadOne(task: TransferTask, blobs: BlobStore, entry: FileEntry): Promise<void> {
  const blob = create(BlobSchema, { sha256: entry.sha256, size: entry.size });
  const file = await withOpened(task.directory, false, (tree) => tree.openFile(fromWire(entry.path)));
  try {
    await withRetries(task, blobs, (client, stopped) => blobs.upload(client, task, blob, file, stopped));
  } finally {
    await file.close();
  }
}
