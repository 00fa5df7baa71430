// The server's Blobs service, as the transfers of runs use it.
import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { type Client, Metadata } from "@grpc/grpc-js";
import {
  type Blob,
  BlobReadRequestSchema,
  BlobStatusRequestSchema,
  Blobs,
  BlobWriteRequestSchema,
  FileErrorCode,
  FindMissingRequestSchema,
  type RunSpec,
} from "../../proto/worker_pb.js";
import type { StoredCredential } from "../../transport/credential.js";
import { callUnary, openDownload, openUpload } from "../../transport/rpc.js";
import { callMetadata } from "../../transport/transport.js";
import { FileOperationError } from "../errors.js";

const CHUNK_BYTES = 240 << 10;
const CALL_SECONDS = 30;

/** Which attempt a blob comes from, and what authorizes its calls. */
export interface BlobOrigin {
  readonly runId: string;
  readonly attempt: number;
  /** Its `blobToken` counts; if that is empty, the worker's credential does. */
  readonly spec: RunSpec;
}

/** A connection that transfers of many runs use at the same time; it is closed when the last of them has left it. */
interface SharedConnection {
  readonly client: Client;
  users: number;
  isBroken: boolean;
}

/**
 * The blobs of all runs, over a connection of their own that is opened when it is first needed.
 *
 * A transfer that fails has the next one open another connection, but closes none that others are using.
 */
export class BlobStore {
  credential: StoredCredential | undefined;
  /** Whether the server offers it, as far as a session has said. */
  isOffered = true;
  #current: SharedConnection | undefined;

  /** `open` gives a new client. */
  constructor(private readonly open: (credential: StoredCredential | undefined) => Client) {}

  /** Make sure that the server offers it. */
  checkOffered(): void {
    if (!this.isOffered) {
      throw new FileOperationError(FileErrorCode.BLOB, "", "the server doesn't offer blobs");
    }
  }

  /** Close the connection as soon as nobody uses it. */
  close(): void {
    if (this.#current !== undefined) {
      this.#giveUp(this.#current);
    }
  }

  /**
   * Call `transfer` with the open connection, which stays open meanwhile.
   *
   * After an error that `isBroken` says to be the connection's the next call opens another.
   */
  async withConnection<T>(
    transfer: (client: Client) => Promise<T>,
    isBroken: (error: unknown) => boolean,
  ): Promise<T> {
    this.#current ??= { client: this.open(this.credential), users: 0, isBroken: false };
    const shared = this.#current;
    shared.users += 1;
    try {
      return await transfer(shared.client);
    } catch (error) {
      shared.isBroken ||= isBroken(error);
      throw error;
    } finally {
      shared.users -= 1;
      if (shared.isBroken) {
        this.#giveUp(shared);
      }
    }
  }

  #giveUp(shared: SharedConnection): void {
    shared.isBroken = true;
    if (this.#current === shared) {
      this.#current = undefined;
    }
    if (shared.users === 0) {
      shared.client.close();
    }
  }

  /**
   * The bytes of a blob from an offset on; `stopped` breaks them off.
   *
   * @throws ServiceError the server refuses, or the connection broke.
   */
  async *read(
    client: Client,
    origin: BlobOrigin,
    blob: Blob,
    offset: number,
    stopped: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const request = create(BlobReadRequestSchema, { blob, offset: BigInt(offset) });
    const call = openDownload(client, Blobs.method.read, request, this.#metadata(origin));
    const cancel = (): void => call.cancel();
    stopped.addEventListener("abort", cancel);
    try {
      for await (const part of call) {
        yield part.data;
      }
    } finally {
      stopped.removeEventListener("abort", cancel);
      call.cancel();
    }
  }

  /**
   * Write a file where the server lacks it, from where an earlier call stopped; `stopped` breaks that off.
   *
   * @throws ServiceError the server refuses, or the connection broke.
   */
  async upload(
    client: Client,
    origin: BlobOrigin,
    blob: Blob,
    file: FileHandle,
    stopped: AbortSignal,
  ): Promise<void> {
    const { findMissing, status } = Blobs.method;
    const question = create(FindMissingRequestSchema, { blobs: [blob] });
    const { missing } = await callUnary(
      client,
      findMissing,
      question,
      this.#metadata(origin),
      CALL_SECONDS,
      stopped,
    );
    if (missing.length === 0) {
      return;
    }
    const request = create(BlobStatusRequestSchema, { blob });
    const { complete, committed } = await callUnary(
      client,
      status,
      request,
      this.#metadata(origin),
      CALL_SECONDS,
      stopped,
    );
    if (!complete) {
      await this.#write(client, origin, blob, file, Number(committed), stopped);
    }
  }

  async #write(
    client: Client,
    origin: BlobOrigin,
    blob: Blob,
    file: FileHandle,
    offset: number,
    stopped: AbortSignal,
  ): Promise<void> {
    const { runId, attempt } = origin;
    const { call, ended } = openUpload(client, Blobs.method.write, this.#metadata(origin));
    // The server may end the call instead of taking more.
    const over = new AbortController();
    const end = (): void => over.abort();
    ended.then(end, end);
    const cancel = (): void => call.cancel();
    stopped.addEventListener("abort", cancel);
    try {
      call.write(create(BlobWriteRequestSchema, { blob, offset: BigInt(offset), runId, attempt }));
      for (let position = offset; !over.signal.aborted; ) {
        const data = Buffer.allocUnsafe(CHUNK_BYTES);
        const { bytesRead } = await file.read(data, 0, CHUNK_BYTES, position);
        if (bytesRead === 0) {
          break;
        }
        position += bytesRead;
        if (!call.write(create(BlobWriteRequestSchema, { data: data.subarray(0, bytesRead) }))) {
          await once(call, "drain", { signal: over.signal }).catch(() => undefined);
        }
      }
      call.end();
      await ended;
    } finally {
      stopped.removeEventListener("abort", cancel);
      // Also when the file can't be read any more: the server must not wait for the rest.
      call.cancel();
    }
  }

  /** Metadata that authorizes one call for the blobs of a run. */
  #metadata({ spec: { blobToken } }: BlobOrigin): Metadata {
    if (blobToken === "") {
      return callMetadata(this.credential);
    }
    const metadata = new Metadata();
    metadata.set("buildledger-run-token", blobToken);
    return metadata;
  }
}
