import { chmodSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { PipeStore } from "../../src/processes/pipes.js";
import { type ExitStatus, type ProcessSpec, pipesNeeded, startProcess } from "../../src/processes/process.js";
import { StartFailure } from "../../src/proto/worker_pb.js";
import { scratch } from "../scratch.js";

interface Result {
  readonly outputs: string[];
  readonly status: ExitStatus;
}

async function launched(argv: string[], options: Partial<ProcessSpec> = {}): Promise<Result> {
  const directory = scratch();
  const { stdin = new Uint8Array(), mergeStderr = true } = options;
  const running = await startProcess({
    argv,
    workingDirectory: directory,
    environment: { PATH: process.env.PATH ?? "" },
    stdin,
    mergeStderr,
    umask: undefined,
    pipeNames: await new PipeStore(path.join(directory, "pipes")).take(
      pipesNeeded(mergeStderr, stdin.length > 0),
    ),
    ...options,
  });
  const outputs = await Promise.all(running.outputs.map(async (pipe) => (await pipe.toArray()).join("")));
  return { outputs, status: await running.ended };
}

test("both streams share one pipe and keep their order", async () => {
  const { outputs } = await launched(["sh", "-c", "for i in 1 2 3; do echo out $i; echo err $i >&2; done"]);
  expect(outputs).toEqual(["out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\n"]);
});

test("streams can be opened again by name, as real pipes can and Node's can't", async () => {
  const { outputs } = await launched(["sh", "-c", "echo out > /dev/stdout; echo err > /dev/stderr"], {
    mergeStderr: false,
  });
  expect(outputs).toEqual(["out\n", "err\n"]);
});

test("standard input delivers more than a pipe holds, and waits for its reader", async () => {
  const stdin = Buffer.alloc(128 << 10, "x");
  const { outputs } = await launched(["sh", "-c", "sleep 0.1; cat"], { stdin });
  expect(outputs).toEqual([stdin.toString()]);
});

test("a program that ends without reading its input does no harm", async () => {
  const { status } = await launched(["true"], { stdin: Buffer.alloc(128 << 10) });
  expect(status).toEqual({ case: "code", value: 0 });
});

test("the mask is the child's alone", async () => {
  const before = process.umask();
  const { outputs } = await launched(["sh", "-c", "umask"], { umask: 0o027 });
  expect(outputs).toEqual(["0027\n"]);
  expect(process.umask()).toBe(before);
});

test("codes and signals are told apart", async () => {
  expect((await launched(["sh", "-c", "exit 137"])).status).toEqual({ case: "code", value: 137 });
  expect((await launched(["sh", "-c", "kill -9 $$"])).status).toEqual({ case: "signal", value: 9 });
});

test("a child leads a session of its own", async () => {
  const { outputs } = await launched(["sh", "-c", 'test "$(ps -o sid= -p $$ | tr -d " ")" = $$ && echo own']);
  expect(outputs).toEqual(["own\n"]);
});

test.each([
  [["no-such-program"], StartFailure.PROGRAM_NOT_FOUND],
  [["/no/such/program"], StartFailure.PROGRAM_NOT_FOUND],
  [["/"], StartFailure.PERMISSION_DENIED],
])("%j can't be started", async (argv, failure) => {
  await expect(launched(argv)).rejects.toMatchObject({ failure });
});

test("a file that is no program isn't given to a shell", async () => {
  const file = path.join(scratch(), "data");
  writeFileSync(file, "echo fooled\n");
  chmodSync(file, 0o755);
  await expect(launched([file])).rejects.toMatchObject({ failure: StartFailure.NOT_EXECUTABLE });
});

test("a working directory that isn't there is told", async () => {
  const rejected = launched(["true"], { workingDirectory: "/no/such" });
  await expect(rejected).rejects.toMatchObject({ failure: StartFailure.BAD_CWD });
});
