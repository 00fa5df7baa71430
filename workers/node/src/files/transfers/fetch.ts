import { createHash } from "node:crypto";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import path from "node:path";
import { create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { log } from "../../log.js";
import {
  type Blob,
  BlobSchema,
  type FileEntry,
  type FileError,
  FileErrorCode,
  type FileIn,
  type FileOut,
  type FileResult,
  FileResultSchema,
  FileType,
} from "../../proto/worker_pb.js";
import type { Attempt } from "../../runs/attempt.js";
import type { Plan } from "../../runs/plan.js";
import { StoppedError } from "../../runs/stopping.js";
import { sleep } from "../../timing.js";
import { Backoff } from "../../transport/backoff.js";
import { isServiceError } from "../../transport/enrollment.js";
import { FileOperationError, fileError } from "../errors.js";
import { describe, digest, matching } from "../listing.js";
import { type BytePath, fromWire, resolve, resolveLinks, toBuffer } from "../paths.js";
import { replaceByLink, replaceFile, writeAll } from "../replacing.js";
import type { BlobStore, Origin } from "./blob-store.js";

const MOST_UPLOADS = 10_000;
const PERMISSIONS = 0o7777;
const USUAL_MODE = 0o644;
const TYPE = 0o170000;
const LINK = 0o120000;
const DIRECTORY = 0o040000;
const LONGEST_LINK_BYTES = 4096n;

// The server is away or the connection broke: what was transferred is kept, and the rest follows.
const PASSING = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.CANCELLED]);

/** Moves the files of one attempt between its build directory and the server. */
export class Transfers {
  readonly #origin: Origin;
  readonly #stopped = new AbortController();

  constructor(
    private readonly attempt: Attempt,
    private readonly plan: Plan,
    private readonly blobs: BlobStore,
  ) {
    this.#origin = {
      runId: attempt.runId,
      attempt: attempt.attempt,
      token: plan.spec.blobToken,
      stopped: this.#stopped.signal,
    };
    attempt.stop.listen(() => this.#stopped.abort());
  }

  /**
   * Fetch the plan's files; resolves with what went wrong with the first that can't be had.
   *
   * @throws StoppedError the run is to be ended.
   */
  async fetch(): Promise<FileError | undefined> {
    try {
      this.#checkOffered();
      for (const wanted of this.plan.spec.filesIn) {
        await this.#fetchOne(wanted);
      }
      return undefined;
    } catch (error) {
      return this.#said(error);
    }
  }

  /**
   * Upload what the plan asks for; what was uploaded before an error stands in the result beside it.
   *
   * @throws StoppedError the run is to be ended.
   */
  async upload(succeeded: boolean): Promise<FileResult> {
    const result = create(FileResultSchema);
    try {
      this.#checkOffered();
      for (const wanted of this.plan.spec.filesOut.filter(({ always }) => succeeded || always)) {
        for (const entry of await this.#wantedEntries(wanted)) {
          if (result.entries.length === MOST_UPLOADS) {
            const message = `more than ${MOST_UPLOADS} files`;
            throw new FileOperationError(FileErrorCode.TOO_LARGE, fromWire(wanted.pattern), message);
          }
          await this.#uploadOne(entry);
          result.entries.push(entry);
        }
      }
    } catch (error) {
      result.error = this.#said(error);
    }
    return result;
  }

  /** The regular files that match, with their digests. */
  async #wantedEntries(wanted: FileOut): Promise<FileEntry[]> {
    const { root } = this.plan;
    const pattern = fromWire(wanted.pattern);
    const entries: FileEntry[] = [];
    for await (const absolute of matching(root, pattern, () => this.attempt.stop.isMade)) {
      const entry = await describe(root, absolute);
      if (entry.type !== FileType.REGULAR) {
        continue;
      }
      if (wanted.sizeLimit > 0n && entry.size > wanted.sizeLimit) {
        const message = `larger than ${wanted.sizeLimit} bytes`;
        throw new FileOperationError(FileErrorCode.TOO_LARGE, fromWire(entry.path), message);
      }
      entry.sha256 = await digest(absolute);
      entries.push(entry);
    }
    if (entries.length === 0 && !wanted.optional) {
      throw new FileOperationError(FileErrorCode.NOT_FOUND, pattern, "nothing matches");
    }
    return entries;
  }

  async #uploadOne(entry: FileEntry): Promise<void> {
    const blob = create(BlobSchema, { sha256: entry.sha256, size: entry.size });
    const file = await open(toBuffer(resolve(this.plan.root, fromWire(entry.path))), "r");
    try {
      await this.#withRetries(() => this.blobs.upload(blob, file, this.#origin));
    } finally {
      await file.close();
    }
  }

  /** Make what is wanted: a file, a link or a directory. */
  async #fetchOne(wanted: FileIn): Promise<void> {
    const relative = fromWire(wanted.path);
    const { blob } = wanted;
    await mkdir(toBuffer(this.plan.root), { recursive: true });
    const target = resolve(this.plan.root, relative);
    if ((wanted.mode & TYPE) === DIRECTORY) {
      await mkdir(toBuffer(resolveLinks(this.plan.root, relative)), { recursive: true });
      return;
    }
    if (blob === undefined) {
      throw new FileOperationError(FileErrorCode.BLOB, relative, "no blob is named");
    }
    await mkdir(toBuffer(path.posix.dirname(target)), { recursive: true });
    if ((wanted.mode & TYPE) === LINK) {
      await this.#fetchLink(blob, relative, target);
      return;
    }
    await replaceFile(target, wanted.mode & PERMISSIONS || USUAL_MODE, (file) =>
      this.#receive(blob, relative, file),
    );
  }

  /** Read what is to stand in a link, make the link beside its destination, and give it its name. */
  async #fetchLink(blob: Blob, relative: BytePath, target: BytePath): Promise<void> {
    if (blob.size > LONGEST_LINK_BYTES) {
      throw new FileOperationError(
        FileErrorCode.TOO_LARGE,
        relative,
        `a link has ${LONGEST_LINK_BYTES} bytes at most`,
      );
    }
    await replaceByLink(target, async (file) => {
      await this.#receive(blob, relative, file);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(Number(blob.size)), 0, Number(blob.size), 0);
      return buffer.subarray(0, bytesRead);
    });
  }

  /** Write the whole blob to a file, and verify it. */
  async #receive(blob: Blob, relative: BytePath, file: FileHandle): Promise<void> {
    if (!(await this.#download(blob, file))) {
      throw new FileOperationError(
        FileErrorCode.DIGEST_MISMATCH,
        relative,
        "what arrived isn't what was asked for",
      );
    }
  }

  /** Whether what arrived is the blob; after a break it goes on where it came to. */
  async #download(blob: Blob, file: FileHandle): Promise<boolean> {
    const summed = createHash("sha256");
    let size = 0;
    await this.#withRetries(async () => {
      for await (const data of this.blobs.read(blob, size, this.#origin)) {
        await writeAll(file, data);
        summed.update(data);
        size += data.length;
      }
    });
    return BigInt(size) === blob.size && summed.digest().equals(blob.sha256);
  }

  /** Try until it succeeds, can't succeed, or the run is to be ended. */
  async #withRetries(transfer: () => Promise<void>): Promise<void> {
    const backoff = new Backoff();
    for (;;) {
      if (this.attempt.stop.isMade) {
        throw new StoppedError();
      }
      try {
        return await transfer();
      } catch (error) {
        if (!isServiceError(error) || !PASSING.has(error.code)) {
          throw error;
        }
        log.info(`run ${this.attempt.runId}: a transfer is interrupted: ${error.details}`);
      }
      this.blobs.reconnect();
      await sleep(backoff.nextDelay(), this.#stopped.signal);
    }
  }

  #checkOffered(): void {
    if (!this.blobs.isOffered) {
      throw new FileOperationError(FileErrorCode.BLOB, "", "the server doesn't offer blobs");
    }
  }

  #said(error: unknown): FileError {
    const failure = isServiceError(error)
      ? new FileOperationError(FileErrorCode.BLOB, "", `${status[error.code]}: ${error.details}`)
      : error;
    const said = fileError(this.plan.root, failure);
    if (said === undefined) {
      throw error;
    }
    return said;
  }
}
