// Uploads files that a run has made to the server's blob store.
import { open } from "node:fs/promises";
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
import { FileOperationError } from "../errors.js";
import { describe, digest, matching } from "../listing.js";
import { fromWire, resolve, toBuffer } from "../paths.js";
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
      for (const entry of await wantedEntries(task, wanted)) {
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
async function wantedEntries({ root, stop }: TransferTask, wanted: FileOut): Promise<FileEntry[]> {
  const pattern = fromWire(wanted.pattern);
  const entries: FileEntry[] = [];
  for await (const absolute of matching(root, pattern, () => stop.isMade)) {
    const entry = await describe(root, absolute);
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
    entry.sha256 = await digest(absolute, () => stop.isMade);
    entries.push(entry);
  }
  if (entries.length === 0 && !wanted.optional) {
    throw new FileOperationError(FileErrorCode.NOT_FOUND, pattern, "nothing matches");
  }
  return entries;
}

async function uploadOne(task: TransferTask, blobs: BlobStore, entry: FileEntry): Promise<void> {
  const blob = create(BlobSchema, { sha256: entry.sha256, size: entry.size });
  const file = await open(toBuffer(resolve(task.root, fromWire(entry.path))), "r");
  try {
    await withRetries(task, blobs, (client, stopped) => blobs.upload(client, task, blob, file, stopped));
  } finally {
    await file.close();
  }
}
