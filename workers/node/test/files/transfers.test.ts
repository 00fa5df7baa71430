import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { afterEach, expect, test } from "vitest";
import { StoppedError } from "../../src/files/errors.js";
import { buildDirectory } from "../../src/files/paths.js";
import { BlobStore } from "../../src/files/transfers/blob-store.js";
import { fetchFiles } from "../../src/files/transfers/fetch.js";
import type { TransferTask } from "../../src/files/transfers/transfer-task.js";
import { uploadFiles } from "../../src/files/transfers/upload.js";
import {
  BlobReadRequestSchema,
  BlobReadResponseSchema,
  ExitReason,
  FindMissingRequestSchema,
  FindMissingResponseSchema,
  RunSpecSchema,
  StopLevel,
} from "../../src/proto/worker_pb.js";
import { StopRequest } from "../../src/runs/stopping.js";
import { Latch } from "../../src/timing.js";
import { scratch } from "../scratch.js";

const CONTENT = Buffer.from("what is to be fetched");
const cleanup: (() => void)[] = [];

afterEach(() => {
  for (const each of cleanup.splice(0)) {
    each();
  }
});

/** A server that gives out a file when it is told to, and is away for the first so many questions about missing files. */
class SlowBlobs {
  connections = 0;
  reads = 0;
  away = 0;
  answers = true;
  readonly isReading = new Latch();
  readonly isAsked = new Latch();
  readonly goesOn = new Latch();

  async store(): Promise<BlobStore> {
    const server = new Server();
    server.addService(
      {
        read: {
          path: "/buildledger.worker.v1.Blobs/Read",
          requestStream: false,
          responseStream: true,
          requestDeserialize: (bytes: Buffer) => fromBinary(BlobReadRequestSchema, bytes),
          requestSerialize: (request) => Buffer.from(toBinary(BlobReadRequestSchema, request)),
          responseDeserialize: (bytes: Buffer) => fromBinary(BlobReadResponseSchema, bytes),
          responseSerialize: (answer) => Buffer.from(toBinary(BlobReadResponseSchema, answer)),
        },
        findMissing: {
          path: "/buildledger.worker.v1.Blobs/FindMissing",
          requestStream: false,
          responseStream: false,
          requestDeserialize: (bytes: Buffer) => fromBinary(FindMissingRequestSchema, bytes),
          requestSerialize: (request) => Buffer.from(toBinary(FindMissingRequestSchema, request)),
          responseDeserialize: (bytes: Buffer) => fromBinary(FindMissingResponseSchema, bytes),
          responseSerialize: (answer) => Buffer.from(toBinary(FindMissingResponseSchema, answer)),
        },
      },
      {
        read: async (call: { write(answer: unknown): void; end(): void }) => {
          this.reads += 1;
          this.isReading.set();
          await this.goesOn.wait();
          call.write(create(BlobReadResponseSchema, { data: CONTENT }));
          call.end();
        },
        findMissing: (_: unknown, answer: (error: object | null, value?: unknown) => void) => {
          this.isAsked.set();
          if (this.away > 0) {
            this.away -= 1;
            answer({ code: status.UNAVAILABLE, details: "away" });
          } else if (this.answers) {
            answer(null, create(FindMissingResponseSchema));
          }
        },
      },
    );
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    const store = new BlobStore(() => {
      this.connections += 1;
      return new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    });
    cleanup.push(
      () => store.close(),
      () => server.forceShutdown(),
    );
    return store;
  }
}

function taskOf(root: string, stop = new StopRequest()): TransferTask {
  const sha256 = createHash("sha256").update(CONTENT).digest();
  const spec = create(RunSpecSchema, {
    blobToken: "token",
    filesIn: [{ path: Buffer.from("in"), blob: { sha256, size: BigInt(CONTENT.length) } }],
    filesOut: [{ pattern: Buffer.from("out") }],
  });
  writeFileSync(path.join(root, "out"), CONTENT);
  return {
    runId: "run",
    attempt: 1,
    spec,
    directory: buildDirectory(path.dirname(root), path.basename(root)),
    stop,
  };
}

test("a transfer that breaks off, and is tried again, leaves those of other runs alone", async () => {
  const server = new SlowBlobs();
  server.away = 2;
  const store = await server.store();
  const root = scratch();
  const fetching = fetchFiles(taskOf(root), store);
  await server.isReading.wait();
  expect((await uploadFiles(taskOf(scratch()), store, true)).error).toBeUndefined();
  server.goesOn.set();
  expect(await fetching).toBeUndefined();
  expect(server.reads).toBe(1);
  expect(server.connections).toBe(3);
  expect(readFileSync(path.join(root, "in"))).toEqual(CONTENT);
});

test.each([
  ["waits for its next try", 1_000_000, true],
  ["waits for an answer", 0, false],
])("a stop ends a transfer that %s", async (_, away, answers) => {
  const server = new SlowBlobs();
  server.away = away;
  server.answers = answers;
  const store = await server.store();
  const stop = new StopRequest();
  const uploading = uploadFiles(taskOf(scratch(), stop), store, true);
  await server.isAsked.wait();
  stop.make(ExitReason.CANCEL, StopLevel.INTERRUPT);
  await expect(uploading).rejects.toThrow(StoppedError);
});
