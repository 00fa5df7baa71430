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
import { scratch, until } from "./scratch.js";

const RUN_ID = "00000000-0000-4000-8000-000000000001";

type Stream = ServerDuplexStream<Up, Down>;

/** The far end of the connection: what it heard, and a way to speak. */
class FarEnd {
  readonly heard: Up["message"][] = [];
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
      { session: (stream: Stream, _callback?: sendUnaryData<Down>) => this.#attend(stream) },
    );
    this.port = await new Promise((resolve, reject) => {
      server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
    onTestFinished(() => server.forceShutdown());
  }

  get events(): RunEvent[] {
    return this.heard.flatMap((message) => (message.case === "events" ? message.value.events : []));
  }

  say(message: NonNullable<MessageInitShape<typeof DownSchema>["message"]>): void {
    this.#stream?.write(create(DownSchema, { message }));
  }

  want(want: Want, revision: bigint, spec?: MessageInitShape<typeof RunSpecSchema>): void {
    const run = { runId: RUN_ID, attempt: 1, fence: 1n, want, ...(spec && { spec }) };
    this.say({ case: "desired", value: { epoch: BigInt(this.#sessions), revision, runs: [run] } });
  }

  cut(): void {
    this.#stream?.end();
  }

  #attend(stream: Stream): void {
    this.#stream = stream;
    this.#sessions += 1;
    stream.on("error", () => undefined);
    stream.on("end", () => stream.end());
    stream.on("data", (up: Up) => {
      this.heard.push(up.message);
      if (up.message.case === "hello") {
        const epoch = BigInt(this.#sessions);
        this.say({ case: "welcome", value: { proto: 1, epoch, heartbeat: { seconds: 1n } } });
      }
    });
  }
}

async function joined(): Promise<{ far: FarEnd; ended: Promise<void>; worker: Worker; state: string }> {
  const state = scratch();
  const far = new FarEnd();
  await far.open();
  const workDirectory = path.join(state, "work");
  mkdirSync(workDirectory);
  const worker = new Worker({
    server: `127.0.0.1:${far.port}`,
    name: "w",
    stateDirectory: state,
    workDirectory,
    labels: {},
    capacity: 1,
    tls: false,
    spoolBytes: 1 << 20,
  });
  const ended = worker.run();
  await until(() => far.heard.length > 0);
  return { far, ended, worker, state };
}

function script(text: string): MessageInitShape<typeof RunSpecSchema> {
  const program = { case: "shellScript" as const, value: { text } };
  return { builddir: "b", operation: { case: "command", value: { program, mergeStderr: true } } };
}

function kinds(events: readonly RunEvent[]): (string | undefined)[] {
  return events.map(({ event }) => event.case);
}

test("a run is accepted, started, heard and ended, sent again after a cut, and forgotten when released", async () => {
  const { far, ended, worker, state } = await joined();
  far.want(Want.RUN, 1n, script("echo hello; exit 3"));
  await until(() => kinds(far.events).includes("exited"));
  expect(kinds(far.events)).toEqual(["accepted", "started", "output", "exited"]);
  const before = far.events;
  expect(before[3]?.event.value).toMatchObject({
    status: { case: "code", value: 3 },
    reason: ExitReason.COMPLETED,
  });

  far.cut();
  await until(() => far.events.length === 8);
  expect(far.events.slice(4)).toEqual(before);

  far.say({
    case: "progress",
    value: { acks: [{ runId: RUN_ID, attempt: 1, throughEvent: 4n, release: true }] },
  });
  await until(() => readdirSync(path.join(state, "runs")).length === 0);
  worker.shutDown("the test is over");
  await ended;
  expect(far.heard.at(-1)?.case).toBe("goodbye");
});

test("a worker that is told to end ends its runs, and says why", async () => {
  const { far, ended, worker } = await joined();
  far.want(Want.RUN, 1n, script("echo on; exec sleep 600"));
  await until(() => kinds(far.events).includes("output"));
  worker.shutDown("the test is over");
  await until(() => kinds(far.events).includes("exited"));
  expect(far.events.at(-1)?.event.value).toMatchObject({ reason: ExitReason.WORKER_SHUTDOWN });
  far.say({ case: "progress", value: { acks: [{ runId: RUN_ID, attempt: 1, throughEvent: 5n }] } });
  await ended;
  expect(far.heard.map((message) => message.case)).toContain("drainRequest");
});
