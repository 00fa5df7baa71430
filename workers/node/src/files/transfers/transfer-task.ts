// What a transfer of a run's files has to know of the run, and how it is tried again until it succeeds or can't.
import { type Client, type ServiceError, status } from "@grpc/grpc-js";
import { log } from "../../log.js";
import { type FileError, FileErrorCode, type RunSpec } from "../../proto/worker_pb.js";
import { sleep } from "../../timing.js";
import { Backoff } from "../../transport/backoff.js";
import { isServiceError } from "../../transport/rpc.js";
import { FileOperationError, fileError, StoppedError } from "../errors.js";
import type { BuildDirectory } from "../paths.js";
import type { BlobStore } from "./blob-store.js";

// The server is away or the connection broke: what was transferred is kept, and the rest follows.
const TRANSIENT = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED]);

/** A request to end the run that a transfer belongs to. */
export interface StopSignal {
  readonly isMade: boolean;
  /** Call `listener` when it is made, at once if it is; returns how to stop that. */
  listen(listener: () => void): () => void;
}

/** Which files of which run are to be moved, and where they lie. */
export interface TransferTask {
  readonly runId: string;
  readonly attempt: number;
  /** Its `filesIn`, `filesOut` and `blobToken` count. */
  readonly spec: RunSpec;
  /** That all paths of the specification lie in. */
  readonly directory: BuildDirectory;
  readonly stop: StopSignal;
}

/**
 * Call `transfer` until it succeeds, can't succeed, or the run is to be ended; its argument then breaks off what is under way.
 *
 * @throws StoppedError the run is to be ended.
 */
export async function withRetries(
  task: TransferTask,
  blobs: BlobStore,
  transfer: (client: Client, stopped: AbortSignal) => Promise<void>,
): Promise<void> {
  const backoff = new Backoff();
  const stopped = new AbortController();
  const unlisten = task.stop.listen(() => stopped.abort());
  try {
    for (;;) {
      if (task.stop.isMade) {
        throw new StoppedError();
      }
      try {
        return await blobs.withConnection((client) => transfer(client, stopped.signal), isTransient);
      } catch (error) {
        if (!isTransient(error)) {
          throw error;
        }
        log.info(`run ${task.runId}: a transfer is interrupted: ${error.details}`);
      }
      await sleep(backoff.nextDelay(), stopped.signal);
    }
  } finally {
    unlisten();
  }
}

function isTransient(error: unknown): error is ServiceError {
  return isServiceError(error) && TRANSIENT.has(error.code);
}

/**
 * Why the transfer of the file at `path` failed, as the protocol says it.
 *
 * @throws `error` itself, if it is a fault of the worker or the run is to be ended.
 */
export function transferError(task: TransferTask, path: string, error: unknown): FileError {
  const failure = isServiceError(error)
    ? new FileOperationError(
        error.code === status.RESOURCE_EXHAUSTED ? FileErrorCode.OVER_QUOTA : FileErrorCode.BLOB,
        path,
        `${status[error.code]}: ${error.details}`,
      )
    : error;
  const known = fileError(task.directory.path, failure);
  if (known === undefined) {
    throw error;
  }
  return known;
}
