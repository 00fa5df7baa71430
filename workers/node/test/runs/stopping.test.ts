import { expect, test } from "vitest";
import { ExitReason, StopLevel } from "../../src/proto/worker_pb.js";
import { StopRequest } from "../../src/runs/stopping.js";

test("the first reason stands, the highest level counts, and repeating changes nothing", async () => {
  const stop = new StopRequest();
  const { signal } = new AbortController();
  stop.make(ExitReason.NO_OUTPUT, StopLevel.INTERRUPT);
  expect(await stop.changed(signal)).toBe(true);
  stop.make(ExitReason.CANCEL, StopLevel.INTERRUPT, 1);
  expect(await stop.changed(signal, 0.01)).toBe(false);
  stop.make(ExitReason.CANCEL, StopLevel.KILL);
  expect(await stop.changed(signal)).toBe(true);
  expect(stop).toMatchObject({
    reason: ExitReason.NO_OUTPUT,
    level: StopLevel.KILL,
    graceSeconds: undefined,
  });
});

test("waiting ends when nobody needs it any more", async () => {
  const over = new AbortController();
  const raised = new StopRequest().changed(over.signal, 3600);
  over.abort();
  expect(await raised).toBe(false);
});
