import { appendFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { EventReader } from "../../src/supervision/event-reader.js";
import { scratch } from "../scratch.js";

test("each event is read once, and a half written line only when it is whole", () => {
  const file = path.join(scratch(), "events");
  const reader = new EventReader(file);
  expect(reader.newEvents()).toEqual([]);

  const gap = { channel: 0, at: 5, bytes: 7 };
  appendFileSync(file, `${JSON.stringify({ gap })}\n{"stopping":{"level":"kill",`);
  expect(reader.newEvents()).toEqual([{ gap }]);
  expect(reader.newEvents()).toEqual([]);

  appendFileSync(file, '"reason":"cancel"}}\n');
  expect(reader.newEvents()).toEqual([{ stopping: { level: "kill", reason: "cancel" } }]);
});
