import { existsSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { segmentPath } from "../../src/contract/directory.js";
import { SegmentReclaimer } from "../../src/supervision/segment-reclaimer.js";
import { SpoolReader } from "../../src/supervision/spool-reader.js";
import { scratch } from "../scratch.js";

const SEGMENT_BYTES = 4;

/** A spool in which channel 0 has "abcdefghij". */
function spool(): string {
  const directory = scratch();
  for (const [number, text] of ["abcd", "efgh", "ij"].entries()) {
    writeFileSync(segmentPath(directory, 0, number), text);
  }
  return directory;
}

test("output is read across the borders of segments, up to where it ends", () => {
  const reader = new SpoolReader(spool(), SEGMENT_BYTES);
  expect(reader.end(0, 0)).toBe(10);
  expect(reader.end(0, 9)).toBe(10);
  expect(reader.end(1, 0)).toBe(0);
  expect(reader.read(0, 3, 6).toString()).toBe("defghi");
  expect(() => reader.read(0, 9, 2)).toThrow("shorter than it was");
});

test("a segment is deleted when all of it is acknowledged, and not before", async () => {
  const directory = spool();
  const reclaimer = new SegmentReclaimer(directory, SEGMENT_BYTES);
  reclaimer.reclaim(0, 7);
  await expect.poll(() => existsSync(segmentPath(directory, 0, 0))).toBe(false);
  expect(existsSync(segmentPath(directory, 0, 1))).toBe(true);
  expect([3, 4].map((position) => reclaimer.isReclaimed(0, position))).toEqual([true, false]);

  new SegmentReclaimer(directory, SEGMENT_BYTES).reclaim(0, 8);
  await expect.poll(() => existsSync(segmentPath(directory, 0, 1))).toBe(false);
  expect(existsSync(segmentPath(directory, 0, 2))).toBe(true);
});
