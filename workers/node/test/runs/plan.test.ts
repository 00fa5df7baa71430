import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { CommandSchema, RejectCode, RunSpecSchema, StopLevel } from "../../src/proto/worker_pb.js";
import { commandLine, environment, makePlan, SpecRefusedError } from "../../src/runs/plan.js";

type Command = MessageInitShape<typeof CommandSchema>;

const ARGV: Command = { program: { case: "argv", value: { args: ["true"] } } };

function planned(command: Command, features = ["blobs"]) {
  const spec = create(RunSpecSchema, { builddir: "b", operation: { case: "command", value: command } });
  return makePlan(spec, "/nowhere", features);
}

test.each<[string, Command, RejectCode]>([
  ["no program", {}, RejectCode.INVALID_SPEC],
  ["an empty program", { program: { case: "argv", value: { args: [""] } } }, RejectCode.INVALID_SPEC],
  ["NUL in a variable", { ...ARGV, env: { A: "x\0" } }, RejectCode.INVALID_SPEC],
  ["a variable with =", { ...ARGV, env: { "A=B": "x" } }, RejectCode.INVALID_SPEC],
  ["too much input", { ...ARGV, stdin: new Uint8Array((128 << 10) + 1) }, RejectCode.INVALID_SPEC],
  ["a terminal", { ...ARGV, pty: {} }, RejectCode.UNSUPPORTED],
  ["a watched stdout", { ...ARGV, watchFiles: [{ channel: "stdout" }] }, RejectCode.INVALID_SPEC],
  [
    "a variable of bytes that are no text",
    { ...ARGV, secrets: [{ env: "A", value: Uint8Array.of(0xff) }] },
    RejectCode.UNSUPPORTED,
  ],
])("%s is refused", (_what, command, code) => {
  expect(() => planned(command)).toThrow(expect.objectContaining({ code }));
});

test("nothing to do is refused, and so is a build directory elsewhere", () => {
  expect(() => makePlan(create(RunSpecSchema, { builddir: "b" }), "/nowhere", [])).toThrow(SpecRefusedError);
  const outside = create(RunSpecSchema, { builddir: "../b", operation: { case: "command", value: ARGV } });
  const code = RejectCode.PATH_ESCAPES;
  expect(() => makePlan(outside, "/nowhere", [])).toThrow(expect.objectContaining({ code }));
});

test("a stop policy always ends with KILL", () => {
  const stopPolicy = [{ level: StopLevel.TERMINATE, grace: { seconds: 3n } }];
  expect(planned({ ...ARGV, stopPolicy }).stopPolicy).toEqual([
    { level: StopLevel.TERMINATE, graceSeconds: 3 },
    { level: StopLevel.KILL, graceSeconds: 0 },
  ]);
  expect(planned(ARGV).stopPolicy.map(({ level }) => level)).toEqual([1, 2, 3]);
});

test("a script is the last argument of its interpreter", () => {
  const script = (interpreter: string[]) =>
    commandLine(
      create(CommandSchema, { program: { case: "shellScript", value: { text: "exit 3", interpreter } } }),
    );
  expect(script([])).toEqual(["/bin/sh", "-c", "exit 3"]);
  expect(script(["bash", "-ec"])).toEqual(["bash", "-ec", "exit 3"]);
});

test("variables are added, replaced and taken out; the worker's own don't leak, and marks nest", () => {
  const command = create(CommandSchema, {
    env: { NEW: "1", OLD: "new" },
    unsetEnv: ["GONE*"],
    secrets: [{ env: "KEY", value: Buffer.from("hush") }],
  });
  const base = {
    OLD: "old",
    KEPT: "kept",
    GONE_1: "x",
    BUILDLEDGER_WORKER_TOKEN: "t",
    BUILDLEDGER_COOKIE: "outer",
  };
  expect(environment(command, base, "inner")).toEqual({
    OLD: "new",
    KEPT: "kept",
    NEW: "1",
    KEY: "hush",
    BUILDLEDGER_COOKIE: "outer:inner",
  });
});
