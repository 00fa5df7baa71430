import { expect, test } from "vitest";
import type { Up } from "../../src/proto/worker_pb.js";
import type { Attempt } from "../../src/runs/attempt.js";
import { Outbox } from "../../src/session/outbox.js";
import { newAttempt, newStore } from "../attempts.js";

const NEVER = new AbortController().signal;

/** An attempt that is accepted and has written so many chunks of output. */
function running(chunks: readonly string[]): Attempt {
  const attempt = newAttempt(newStore());
  attempt.begin(["stdio"]);
  for (const chunk of chunks) {
    attempt.recordOutput(0, Buffer.from(chunk));
  }
  return attempt;
}

function kindsOf(up: Up | undefined): (string | undefined)[] {
  return up?.message.case === "events"
    ? up.message.value.events.map(({ event }) => event.case)
    : [up?.message.case];
}

test("control messages go before events", async () => {
  const outbox = new Outbox();
  outbox.startSession([running(["a"])], 0, 0);
  outbox.post({ case: "drainRequest", value: { reason: "test" } });
  expect(kindsOf(await outbox.nextMessage(NEVER))).toEqual(["drainRequest"]);
  expect(kindsOf(await outbox.nextMessage(NEVER))).toEqual(["accepted", "output"]);
});

test("output waits for the run's credit, which an acknowledgement gives back", async () => {
  const outbox = new Outbox();
  const attempt = running(["abcd", "efgh", "ijkl"]);
  outbox.startSession([attempt], 8, 0);
  expect(kindsOf(await outbox.nextMessage(NEVER))).toEqual(["accepted", "output", "output"]);
  attempt.journal.releaseThrough(2);
  outbox.wake(attempt);
  expect(kindsOf(await outbox.nextMessage(NEVER))).toEqual(["output"]);
});

test("output of all runs together waits for the session's credit", async () => {
  const outbox = new Outbox();
  const [one, two] = [running(["abcd", "efgh"]), running(["ijkl"])];
  outbox.startSession([one, two], 0, 4);
  expect(kindsOf(await outbox.nextMessage(NEVER))).toEqual(["accepted", "output", "accepted"]);
  one.journal.releaseThrough(2);
  outbox.wake(one);
  expect(kindsOf(await outbox.nextMessage(NEVER))).toEqual(["output"]);
});

test("a new session sends again what isn't acknowledged", async () => {
  const outbox = new Outbox();
  const attempt = running(["a"]);
  outbox.startSession([attempt], 0, 0);
  await outbox.nextMessage(NEVER);
  outbox.startSession([attempt], 0, 0);
  expect(kindsOf(await outbox.nextMessage(NEVER))).toEqual(["accepted", "output"]);
});

test("waiting for a message ends with the session", async () => {
  const outbox = new Outbox();
  const over = new AbortController();
  const next = outbox.nextMessage(over.signal);
  over.abort();
  outbox.interrupt();
  expect(await next).toBeUndefined();
});
