import { appendFileSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { crc32c } from "../../src/journal/crc32c.js";
import { Journal, SEGMENT_BYTES } from "../../src/journal/journal.js";
import { type JournalRecord, Kind, type RunHeader } from "../../src/journal/records.js";
import { scratch, until } from "../scratch.js";

const HEADER: RunHeader = {
  runId: "00000000-0000-4000-8000-000000000001",
  attempt: 1,
  fence: "7",
  cookie: "mark",
  builddir: "b",
  bootId: "boot",
  channels: ["stdio"],
  nextEvent: 1,
  offsets: [],
};

function output(journal: Journal, text: string | Buffer): JournalRecord {
  const body = Buffer.from(text);
  return {
    kind: Kind.Output,
    channel: 0,
    eventNo: journal.nextEvent,
    offset: journal.offsets[0] ?? 0,
    wallNanoseconds: 1n,
    monotonicNanoseconds: 2n,
    body,
    bodyCrc32c: crc32c(body),
  };
}

function textsOf(journal: Journal): string[] {
  const texts: string[] = [];
  for (let number = journal.firstUnacked; number < journal.nextEvent; number += 1) {
    const entry = journal.entry(number);
    texts.push(entry === undefined ? "(none)" : journal.body(entry).toString());
  }
  return texts;
}

function reopened(directory: string): Journal {
  const journal = new Journal(directory, HEADER);
  const numbers = readdirSync(directory).map((name) => Number(name.split(".").at(-2)));
  for (const number of numbers.sort((one, other) => one - other)) {
    journal.loadSegment(number, () => true);
  }
  return journal;
}

test("what was journalled is there after the process is gone", () => {
  const directory = scratch();
  const journal = new Journal(directory, HEADER);
  journal.begin(output(journal, "one"));
  journal.append(output(journal, "two"));
  journal.close();

  const again = reopened(directory);
  expect(textsOf(again)).toEqual(["one", "two"]);
  expect(again.nextEvent).toBe(3);
  expect(again.offsets).toEqual([6]);
});

test("a record that a crash cut short is dropped, and the journal goes on after the one before", () => {
  const directory = scratch();
  const journal = new Journal(directory, HEADER);
  journal.begin(output(journal, "whole"));
  journal.append(output(journal, "cut short"));
  journal.close();
  const file = path.join(directory, readdirSync(directory)[0] ?? "");
  truncateSync(file, readFileSync(file).length - 3);

  const again = reopened(directory);
  expect(textsOf(again)).toEqual(["whole"]);
  again.append(output(again, "after"));
  expect(textsOf(again)).toEqual(["whole", "after"]);
});

test("damage in the middle of a file ends what is read", () => {
  const directory = scratch();
  const journal = new Journal(directory, HEADER);
  journal.begin(output(journal, "whole"));
  journal.close();
  appendFileSync(path.join(directory, readdirSync(directory)[0] ?? ""), Buffer.alloc(100, 0x5a));
  expect(textsOf(reopened(directory))).toEqual(["whole"]);
});

test("acknowledged events are freed, and segments that hold nothing else are removed", async () => {
  const directory = scratch();
  const journal = new Journal(directory, HEADER);
  journal.begin();
  const chunk = Buffer.alloc(1 << 20, 0x61);
  for (let written = 0; written <= 2 * SEGMENT_BYTES; written += chunk.length) {
    journal.append(output(journal, chunk));
  }
  expect(readdirSync(directory)).toHaveLength(3);

  journal.releaseThrough(journal.nextEvent - 2);
  expect(journal.spooledBytes).toBe(chunk.length);
  // The first stays: it tells which process was started.
  await until(() => readdirSync(directory).length === 2);
  expect(textsOf(journal)).toEqual([chunk.toString()]);
  journal.close();

  const again = reopened(directory);
  expect(again.nextEvent).toBe(journal.nextEvent);
  expect(again.offsets).toEqual(journal.offsets);
});

test("events that the server has never seen get numbers after those it has", () => {
  const journal = new Journal(scratch(), HEADER);
  journal.begin(output(journal, "one"));
  journal.append(output(journal, "two"));
  journal.releaseThrough(1);
  journal.renumberAfter(9);
  expect(journal.firstUnacked).toBe(10);
  expect(journal.nextEvent).toBe(11);
  expect(textsOf(journal)).toEqual(["two"]);
});
