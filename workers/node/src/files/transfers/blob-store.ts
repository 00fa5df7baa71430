import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import { create, type DescMessage, type DescMethodUnary, type MessageShape } from "@bufbuild/protobuf";
import { type Client, Metadata } from "@grpc/grpc-js";
import {
  type Blob,
  BlobReadRequestSchema,
  BlobStatusRequestSchema,
  Blobs,
  BlobWriteRequestSchema,
  FindMissingRequestSchema,
} from "../../proto/worker_pb.js";
import type { StoredCredential } from "../../transport/credential.js";
import { callUnary, openDownload, openUpload } from "../../transport/rpc.js";
import { callMetadata } from "../../transport/transport.js";

const CHUNK_BYTES = 240 << 10;
const CALL_SECONDS = 30;

/** Which attempt a blob comes from, and what lets it reach the store. */
export interface Origin {
  readonly runId: string;
  readonly attempt: number;
  /** Empty: the worker's credential. */
  readonly token: string;
  /** Breaks transfers off. */
  readonly stopped: AbortSignal;
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
    const cancel = (): void => call.cancel();
    origin.stopped.addEventListener("abort", cancel);
    try {
      for await (const part of call) {
        yield part.data;
      }
    } finally {
      origin.stopped.removeEventListener("abort", cancel);
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
    const question = create(FindMissingRequestSchema, { blobs: [blob] });
    const { missing } = await this.#ask(client, Blobs.method.findMissing, question, origin);
    if (missing.length === 0) {
      return;
    }
    const request = create(BlobStatusRequestSchema, { blob });
    const status = await this.#ask(client, Blobs.method.status, request, origin);
    if (!status.complete) {
      await this.#write(client, blob, file, Number(status.committed), origin);
    }
  }

  async #write(client: Client, blob: Blob, file: FileHandle, offset: number, origin: Origin): Promise<void> {
    const { runId, attempt, stopped } = origin;
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
    }
  }

  #ask<I extends DescMessage, O extends DescMessage>(
    client: Client,
    method: DescMethodUnary<I, O>,
    question: MessageShape<I>,
    origin: Origin,
  ): Promise<MessageShape<O>> {
    return callUnary(client, method, question, this.#metadata(origin), CALL_SECONDS);
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
