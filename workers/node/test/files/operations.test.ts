import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { StoppedError } from "../../src/files/errors.js";
import { perform } from "../../src/files/operations.js";
import { buildDirectory, fromWire } from "../../src/files/paths.js";
import { FileErrorCode, FileType, RunSpecSchema } from "../../src/proto/worker_pb.js";
import { scratch } from "../scratch.js";

type Operation = NonNullable<MessageInitShape<typeof RunSpecSchema>["operation"]>;

const bytes = (text: string): Uint8Array => Buffer.from(text);

function operate(root: string, operation: Operation) {
  const directory = buildDirectory(path.dirname(root), path.basename(root));
  return perform(directory, create(RunSpecSchema, { builddir: "b", operation }), () => false);
}

test("a file is written with its mode, and read back in part", async () => {
  const root = scratch();
  const value = { path: bytes("x/ä.txt"), content: bytes("hello\n"), mode: 0o640, makeParents: true };
  expect(await operate(root, { case: "writeFile", value })).toMatchObject([{ changed: true }]);
  expect(statSync(path.join(root, "x/ä.txt")).mode & 0o777).toBe(0o640);

  const read = { path: bytes("x/ä.txt"), offset: 1n, limit: 3 };
  const [result] = await operate(root, { case: "readFile", value: read });
  expect(Buffer.from(result?.content ?? []).toString()).toBe("ell");
  expect(result?.truncated).toBe(true);
});

test("a tree is copied with its links and modes, and replaces what was there", async () => {
  const root = scratch();
  mkdirSync(path.join(root, "from/deep"), { recursive: true });
  writeFileSync(path.join(root, "from/deep/run"), "x", { mode: 0o755 });
  symlinkSync("deep/run", path.join(root, "from/link"));
  writeFileSync(path.join(root, "to"), "in the way");

  await operate(root, { case: "copy", value: { source: bytes("from"), destination: bytes("to") } });
  expect(readFileSync(path.join(root, "to/link"), "utf8")).toBe("x");
  expect(statSync(path.join(root, "to/deep/run")).mode & 0o777).toBe(0o755);
});

test("a tree isn't copied into itself", async () => {
  const root = scratch();
  mkdirSync(path.join(root, "a"));
  const value = { source: bytes("a"), destination: bytes("a/b") };
  expect(await operate(root, { case: "copy", value })).toMatchObject([{ error: { code: FileErrorCode.IO } }]);
});

test("a tree with read-only directories is removed, and what links point to isn't", async () => {
  const root = scratch();
  mkdirSync(path.join(root, "keep"));
  mkdirSync(path.join(root, "gone/locked"), { recursive: true });
  writeFileSync(path.join(root, "gone/locked/file"), "");
  symlinkSync("../keep", path.join(root, "gone/link"));
  chmodSync(path.join(root, "gone/locked"), 0o500);

  const value = { path: bytes("gone") };
  expect(await operate(root, { case: "remove", value })).toMatchObject([{ changed: true }]);
  expect(await operate(root, { case: "remove", value })).toMatchObject([{ changed: false }]);
  expect(existsSync(path.join(root, "keep"))).toBe(true);
});

test("matches come in order of their bytes, and links to directories aren't entered", async () => {
  const root = scratch();
  mkdirSync(path.join(root, "a/b"), { recursive: true });
  for (const name of ["a/b/2.txt", "a/1.txt", "z.txt"]) {
    writeFileSync(path.join(root, name), "");
  }
  symlinkSync("a", path.join(root, "link"));
  const [result] = await operate(root, { case: "glob", value: { patterns: [bytes("**/*.txt")] } });
  expect(result?.entries.map((entry) => fromWire(entry.path))).toEqual(["a/1.txt", "a/b/2.txt", "z.txt"]);
});

test("names that are no UTF-8 are listed as they are", async () => {
  const root = scratch();
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), "");
  const [result] = await operate(root, { case: "glob", value: { patterns: [bytes("??")] } });
  expect(result?.entries.map((entry) => [...entry.path])).toEqual([[0xff, 0xfe]]);
});

test("a path is told about with type, size and digest; nothing is told of what isn't there", async () => {
  const root = scratch();
  writeFileSync(path.join(root, "f"), "hello\n");
  const [found] = await operate(root, { case: "stat", value: { path: bytes("f"), sha256: true } });
  expect(found?.entries).toMatchObject([{ type: FileType.REGULAR, size: 6n }]);
  expect(Buffer.from(found?.entries[0]?.sha256 ?? []).toString("hex")).toMatch(/^5891b5b522d5df08/);
  const [missing] = await operate(root, { case: "stat", value: { path: bytes("g") } });
  expect(missing?.entries).toEqual([]);
});

test("an error names the path and the kind of trouble", async () => {
  const root = scratch();
  const value = { path: bytes("nowhere") };
  const [result] = await operate(root, { case: "readFile", value });
  expect(result?.error?.code).toBe(FileErrorCode.NOT_FOUND);
  expect(result?.error?.message).toBe("no such file or directory");
  expect(fromWire(result?.error?.path ?? bytes(""))).toBe("nowhere");
});

test("an operation that is told to stop stops", async () => {
  const root = scratch();
  mkdirSync(path.join(root, "d"));
  const spec = create(RunSpecSchema, { operation: { case: "remove", value: { path: bytes("d") } } });
  await expect(
    perform(buildDirectory(path.dirname(root), path.basename(root)), spec, () => true),
  ).rejects.toThrow(StoppedError);
});
