import { createHash } from "node:crypto";
import { expect, test, vi } from "vitest";
import { Channel } from "../../src/runs/output.js";

test("chunks have the size the server asked for, and the rest comes at the end", () => {
  const chunks: string[] = [];
  const channel = new Channel("stdio", undefined, (data) => chunks.push(data.toString()), {
    chunkBytes: 4,
    flushSeconds: 60,
  });
  for (const text of ["a", "bcdefg", "hij"]) {
    channel.feed(Buffer.from(text));
  }
  expect(chunks).toEqual(["abcd", "efgh"]);
  channel.finish();
  expect(chunks).toEqual(["abcd", "efgh", "ij"]);
});

test("a little output is emitted when its time has come", async () => {
  const chunks: string[] = [];
  const channel = new Channel("stdio", undefined, (data) => chunks.push(data.toString()), {
    chunkBytes: 4096,
    flushSeconds: 0.01,
  });
  channel.feed(Buffer.from("x"));
  expect(chunks).toEqual([]);
  await vi.waitFor(() => expect(chunks).toEqual(["x"]));
});

test("the digest is that of the bytes that were kept", () => {
  const channel = new Channel("stdio", undefined, (data) => channel.count(data), {
    chunkBytes: 4,
    flushSeconds: 60,
  });
  channel.feed(Buffer.from("hello world"));
  channel.finish();
  expect(channel.sha256()).toEqual(createHash("sha256").update("hello world").digest());
});
