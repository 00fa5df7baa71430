import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { Kind, recordOf } from "../../src/journal/records.js";
import { ExitReason, RejectCode, RunState } from "../../src/proto/worker_pb.js";
import type { Attempt } from "../../src/runs/attempt.js";
import { AttemptStore } from "../../src/runs/attempt-store.js";
import { recover } from "../../src/runs/recovery.js";
import { eventsOf, newAttempt, newStore } from "../attempts.js";

/** What a later worker process finds after `happened` in an attempt of this one. */
async function recovered(happened: (attempt: Attempt) => void, bootId?: string): Promise<Attempt[]> {
  const store = newStore();
  const attempt = newAttempt(store, bootId === undefined ? {} : { bootId });
  happened(attempt);
  attempt.journal.close();
  return recover(new AttemptStore(store.settings), () => undefined);
}

test("an attempt that was about to start may have been started", async () => {
  const [attempt] = await recovered((each) => each.begin(["stdio"]));
  expect(attempt?.state).toBe(RunState.EXITED);
  expect(attempt && eventsOf(attempt)).toMatchObject([
    { case: "accepted" },
    { case: "exited", value: { reason: ExitReason.START_UNKNOWN } },
  ]);
});

test("an attempt whose process was started was interrupted, and keeps its output", async () => {
  const [attempt] = await recovered((each) => {
    each.begin(["stdio"]);
    const process = recordOf(Kind.Process, { pid: 1, startedTicks: 1 });
    each.recordEvent({ case: "started", value: { pid: 1 } }, process);
    each.recordOutput(0, Buffer.from("on"));
  });
  const outputTotals = [{ channel: "stdio", bytes: 2n }];
  expect(attempt && eventsOf(attempt)).toMatchObject([
    { case: "accepted" },
    { case: "started" },
    { case: "output" },
    { case: "exited", value: { reason: ExitReason.INTERRUPTED, outputTotals } },
  ]);
  expect(attempt?.awaitsAck).toBe(false);
});

test("an attempt that has ended isn't ended again", async () => {
  const [attempt] = await recovered((each) => each.reject(RejectCode.DRAINING, "no"));
  expect(attempt?.hasEnded).toBe(true);
  expect(attempt && eventsOf(attempt)).toMatchObject([{ case: "rejected" }]);
});

test("after a reboot the server speaks first: the disk may have lost the journal's end", async () => {
  const [attempt] = await recovered((each) => each.begin(["stdio"]), "another boot");
  expect(attempt?.awaitsAck).toBe(true);
});

test("a journal in which nothing happened is removed", async () => {
  const store = newStore();
  const attempt = newAttempt(store);
  attempt.journal.begin();
  attempt.journal.close();
  expect(await recover(new AttemptStore(store.settings), () => undefined)).toEqual([]);
  expect(readdirSync(store.journalDirectory)).toEqual([]);
});
