import { expect, test } from "vitest";
import type { SpoolOrder } from "../../src/contract/launch.js";
import { SpoolShares, segmentBytesOf } from "../../src/runs/spool-shares.js";

test("those that run at the same time have equal shares, and hear when these change", () => {
  const shares = new SpoolShares(1200);
  const heard: [string, number][] = [];
  const sharer = (name: string) => ({
    send: ({ spool_bytes }: SpoolOrder) => heard.push([name, spool_bytes]),
  });
  const [one, two] = [sharer("one"), sharer("two")];
  expect(shares.acquire(one)).toBe(1200);
  expect(shares.acquire(two)).toBe(600);
  expect(heard).toEqual([["one", 600]]);
  shares.release(one);
  expect(heard).toEqual([
    ["one", 600],
    ["two", 1200],
  ]);
});

test("many segments fit within the limit, and none is very small or very large", () => {
  expect(segmentBytesOf(64 << 20, 2)).toBe(2 << 20);
  expect(segmentBytesOf(1, 2)).toBe(16 << 10);
  expect(segmentBytesOf(2 ** 40, 1)).toBe(8 << 20);
});
