import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { type Client, Metadata, type ServiceError } from "@grpc/grpc-js";
import { callMetadata } from "../net/connection.js";
import type { StoredCredential } from "../net/credential.js";
import { callUnary, openDownload, openUpload } from "../net/rpc.js";
import {
  type Blob,
  BlobReadRequestSchema,
  BlobStatusRequestSchema,
  Blobs,
  BlobWriteRequestSchema,
  FindMissingRequestSchema,
} from "../proto/worker_pb.js";

const CHUNK_BYTES = 240 << 10;
const CALL_SECONDS = 30;

/** Which attempt a blob comes from, and what lets it reach the store. */
export interface Origin {
  readonly runId: string;
  readonly attempt: number;
  /** Empty: the worker's credential. */
  readonly token: string;
}

/** The server's Blobs service, on a connection of its own that is opened when it is first needed. */
export class BlobStore {
  credential: StoredCredential | undefined;
  /** Whether the server offers it, as far as it was met. */
  isOffered = true;
  #client: Client | undefined;

  /** `open` gives a fresh client. */
  constructor(private readonly open: (credential: StoredCredential | undefined) => Client) {}

  /** Begin the next call on a fresh connection. */
  reconnect(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  /**
   * The bytes of a blob from an offset on.
   *
   * @throws ServiceError the server refuses, or the connection broke.
   */
  async *read(blob: Blob, offset: number, origin: Origin): AsyncGenerator<Uint8Array> {
    const request = create(BlobReadRequestSchema, { blob, offset: BigInt(offset) });
    const call = openDownload(this.#connected, Blobs.method.read, request, this.#metadata(origin));
    try {
      for await (const part of call) {
        yield part.data;
      }
    } finally {
      call.cancel();
    }
  }

  /**
   * Write one file where the server lacks it, from where it left off.
   *
   * @throws ServiceError the server refuses, or the connection broke.
   */
  async upload(blob: Blob, file: FileHandle, origin: Origin): Promise<void> {
    const client = this.#connected;
    const metadata = this.#metadata(origin);
    const question = create(FindMissingRequestSchema, { blobs: [blob] });
    const { missing } = await callUnary(client, Blobs.method.findMissing, question, metadata, CALL_SECONDS);
    if (missing.length === 0) {
      return;
    }
    const request = create(BlobStatusRequestSchema, { blob });
    const status = await callUnary(client, Blobs.method.status, request, metadata, CALL_SECONDS);
    if (!status.complete) {
      await this.#write(client, metadata, blob, file, Number(status.committed), origin);
    }
  }

  async #write(
    client: Client,
    metadata: Metadata,
    blob: Blob,
    file: FileHandle,
    offset: number,
    { runId, attempt }: Origin,
  ): Promise<void> {
    let isOver = false;
    const over = new AbortController();
    let call: ReturnType<typeof openUpload<typeof BlobWriteRequestSchema, never>> | undefined;
    const ended = new Promise<void>((resolve, reject) => {
      const done = (error: ServiceError | null): void => {
        isOver = true;
        over.abort();
        error === null ? resolve() : reject(error);
      };
      call = openUpload(client, Blobs.method.write, metadata, done) as typeof call;
    });
    // Looked at last; meanwhile it isn't unhandled.
    ended.catch(() => undefined);
    if (call === undefined) {
      return ended;
    }
    call.on("error", () => undefined);
    let data: Uint8Array = new Uint8Array();
    let position = offset;
    for (let isFirst = true; !isOver && (isFirst || data.length > 0); isFirst = false) {
      const head = isFirst ? { blob, offset: BigInt(offset), runId, attempt } : {};
      if (!call.write(create(BlobWriteRequestSchema, { ...head, data }))) {
        // The server may end the call instead of taking more.
        await once(call, "drain", { signal: over.signal }).catch(() => undefined);
      }
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, position);
      data = buffer.subarray(0, bytesRead);
      position += bytesRead;
    }
    call.end();
    return ended;
  }

  get #connected(): Client {
    this.#client ??= this.open(this.credential);
    return this.#client;
  }

  #metadata({ token }: Origin): Metadata {
    if (token === "") {
      return callMetadata(this.credential);
    }
    const metadata = new Metadata();
    metadata.set("buildledger-run-token", token);
    return metadata;
  }
}
