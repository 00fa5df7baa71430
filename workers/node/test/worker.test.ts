import { mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerDuplexStream, type sendUnaryData } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import {
  type Down,
  DownSchema,
  ExitReason,
  type RunEvent,
  type RunSpecSchema,
  type Up,
  UpSchema,
  Want,
  Worker as WorkerService,
} from "../src/proto/worker_pb.js";
import { Worker } from "../src/worker.js";
import { RUN_ID, settingsIn } from "./attempts.js";
import { scratch, until } from "./scratch.js";

type Stream = ServerDuplexStream<Up, Down>;

/** A server: what it received from the worker, and a way to send. */
class FakeServer {
  readonly received: Up["message"][] = [];
  #stream: Stream | undefined;
  #sessions = 0;
  port = 0;

  async open(): Promise<void> {
    const { method, typeName } = WorkerService;
    const server = new Server();
    server.addService(
      {
        session: {
          path: `/${typeName}/${method.session.name}`,
          requestStream: true,
          responseStream: true,
          requestSerialize: (message: Up) => Buffer.from(toBinary(UpSchema, message)),
          requestDeserialize: (bytes: Buffer) => fromBinary(UpSchema, bytes),
          responseSerialize: (message: Down) => Buffer.from(toBinary(DownSchema, message)),
          responseDeserialize: (bytes: Buffer) => fromBinary(DownSchema, bytes),
        },
      },
      { session: (stream: Stream, _callback?: sendUnaryData<Down>) => this.#accept(stream) },
    );
    this.port = await new Promise((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    onTestFinished(() => server.forceShutdown());
  }

  get events(): RunEvent[] {
    return this.received.flatMap((message) => (message.case === "events" ? message.value.events : []));
  }

  send(message: NonNullable<MessageInitShape<typeof DownSchema>["message"]>): void {
    this.#stream?.write(create(DownSchema, { message }));
  }

  desire(want: Want, revision: bigint, spec?: MessageInitShape<typeof RunSpecSchema>): void {
    const run = { runId: RUN_ID, attempt: 1, fence: 1n, want, ...(spec && { spec }) };
    this.send({ case: "desired", value: { epoch: BigInt(this.#sessions), revision, runs: [run] } });
  }

  cut(): void {
    this.#stream?.end();
  }

  #accept(stream: Stream): void {
    this.#stream = stream;
    this.#sessions += 1;
    stream.on("error", () => undefined);
    stream.on("end", () => stream.end());
    stream.on("data", (up: Up) => {
      this.received.push(up.message);
      if (up.message.case === "hello") {
        const epoch = BigInt(this.#sessions);
        this.send({ case: "welcome", value: { proto: 1, epoch, heartbeat: { seconds: 1n } } });
      }
    });
  }
}

async function connected(): Promise<{
  server: FakeServer;
  ended: Promise<void>;
  worker: Worker;
  state: string;
}> {
  const state = scratch();
  const server = new FakeServer();
  await server.open();
  mkdirSync(path.join(state, "work"));
  const worker = new Worker({ ...settingsIn(state), server: `127.0.0.1:${server.port}` });
  const ended = worker.run();
  await until(() => server.received.length > 0);
  return { server, ended, worker, state };
}

function script(text: string): MessageInitShape<typeof RunSpecSchema> {
  const program = { case: "shellScript" as const, value: { text } };
  return { builddir: "b", operation: { case: "command", value: { program, mergeStderr: true } } };
}

function kinds(events: readonly RunEvent[]): (string | undefined)[] {
  return events.map(({ event }) => event.case);
}

test("a run is accepted, started, recorded and ended, sent again on the next session, and gone when released", async () => {
  const { server, ended, worker, state } = await connected();
  server.desire(Want.RUN, 1n, script("echo hello; exit 3"));
  await until(() => kinds(server.events).includes("exited"));
  expect(kinds(server.events)).toEqual(["accepted", "started", "output", "exited"]);
  const before = server.events;
  expect(before[3]?.event.value).toMatchObject({
    status: { case: "code", value: 3 },
    reason: ExitReason.COMPLETED,
  });

  server.cut();
  await until(() => server.events.length === 8);
  expect(server.events.slice(4)).toEqual(before);

  server.send({
    case: "progress",
    value: { acks: [{ runId: RUN_ID, attempt: 1, throughEvent: 4n, release: true }] },
  });
  await until(() => readdirSync(path.join(state, "runs")).length === 0);
  worker.shutDown("the test is over");
  await ended;
  expect(server.received.at(-1)?.case).toBe("goodbye");
});

test("a worker that is told to end ends its runs, and says why", async () => {
  const { server, ended, worker } = await connected();
  server.desire(Want.RUN, 1n, script("echo on; exec sleep 600"));
  await until(() => kinds(server.events).includes("output"));
  worker.shutDown("the test is over");
  await until(() => kinds(server.events).includes("exited"));
  expect(server.events.at(-1)?.event.value).toMatchObject({ reason: ExitReason.WORKER_SHUTDOWN });
  server.send({ case: "progress", value: { acks: [{ runId: RUN_ID, attempt: 1, throughEvent: 5n }] } });
  await ended;
  expect(server.received.map((message) => message.case)).toContain("drainRequest");
});
