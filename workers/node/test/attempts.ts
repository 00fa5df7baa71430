import path from "node:path";
import type { RunHeader } from "../src/journal/records.js";
import { Attempt } from "../src/runs/attempt.js";
import { AttemptStore } from "../src/runs/attempt-store.js";
import type { WorkerSettings } from "../src/settings.js";
import { scratch } from "./scratch.js";

export const RUN_ID = "00000000-0000-4000-8000-000000000001";

/** Settings of a worker that keeps its state in a directory of its own and connects to nobody. */
export function settingsIn(stateDirectory: string, spoolBytes = 1 << 20): WorkerSettings {
  return {
    server: "127.0.0.1:1",
    name: "w",
    stateDirectory,
    workDirectory: path.join(stateDirectory, "work"),
    labels: {},
    capacity: 1,
    tls: false,
    spoolBytes,
  };
}

/** A store whose directory is gone after the test. */
export function newStore(spoolBytes?: number): AttemptStore {
  return new AttemptStore(settingsIn(scratch(), spoolBytes));
}

/** An attempt that nothing of is on disk yet. */
export function newAttempt(store: AttemptStore, header: Partial<RunHeader> = {}): Attempt {
  const whole: RunHeader = {
    runId: RUN_ID,
    attempt: 1,
    fence: "1",
    cookie: "cookie",
    builddir: "b",
    bootId: store.bootId,
    channels: [],
    nextEvent: 1,
    offsets: [],
    ...header,
  };
  return new Attempt(store, whole, () => undefined);
}

/** The events of an attempt that aren't acknowledged, as they go over the wire. */
export function eventsOf(attempt: Attempt) {
  attempt.startSession(1 << 30);
  const events = [];
  for (let entry = attempt.nextEntry(); entry !== undefined; entry = attempt.nextEntry()) {
    events.push(attempt.take(entry).event);
  }
  return events;
}
