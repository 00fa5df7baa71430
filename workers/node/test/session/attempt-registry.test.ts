import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  AckSchema,
  DesiredSchema,
  ExitReason,
  RejectCode,
  type RunSpecSchema,
  StopLevel,
  Want,
} from "../../src/proto/worker_pb.js";
import type { Attempt } from "../../src/runs/attempt.js";
import { AttemptRegistry } from "../../src/session/attempt-registry.js";
import { eventsOf, newStore, RUN_ID } from "../attempts.js";

const SPEC: MessageInitShape<typeof RunSpecSchema> = { builddir: "b" };

type DesiredInit = MessageInitShape<typeof DesiredSchema>;

interface Started {
  readonly attempt: Attempt;
  readonly predecessors: readonly Attempt[];
}

/** A registry, and the attempts that it has started; they do nothing by themselves. */
function registryOf() {
  const started: Started[] = [];
  const registry = new AttemptRegistry(
    newStore(),
    (attempt, _spec, predecessors) => {
      started.push({ attempt, predecessors });
      attempt.begin(["stdio"]);
    },
    () => undefined,
  );
  let revision = 0n;
  const want = (
    want: Want,
    options: { attempt?: number; fence?: bigint } = {},
    desired: DesiredInit = {},
  ) => {
    revision += 1n;
    const run = { runId: RUN_ID, attempt: 1, fence: 1n, want, spec: SPEC, ...options };
    registry.apply(create(DesiredSchema, { epoch: 1n, revision, runs: [run], ...desired }));
  };
  return { registry, started, want };
}

test("a run is started once, however often it is wanted", () => {
  const { started, want } = registryOf();
  want(Want.RUN);
  want(Want.RUN);
  expect(started).toHaveLength(1);
});

test("an outdated message is ignored, and so is one with a lower fence", () => {
  const { started, want } = registryOf();
  want(Want.RUN, { fence: 5n });
  want(Want.STOP, { fence: 5n }, { epoch: 0n });
  want(Want.STOP, { fence: 5n }, { revision: 0n });
  want(Want.STOP, { fence: 4n });
  expect(started[0]?.attempt.stop.isMade).toBe(false);
  want(Want.STOP, { fence: 5n });
  expect(started[0]?.attempt.stop).toMatchObject({ reason: ExitReason.CANCEL, level: StopLevel.INTERRUPT });
});

test("an attempt that is to be stopped before it was ever wanted is rejected", () => {
  const { registry, started, want } = registryOf();
  want(Want.STOP);
  expect(started).toEqual([]);
  expect(registry.all.flatMap(eventsOf)).toMatchObject([
    { case: "rejected", value: { code: RejectCode.STOPPED_BEFORE_START } },
  ]);
});

test("a worker that drains takes no new work", () => {
  const { registry, started, want } = registryOf();
  registry.isDraining = true;
  want(Want.RUN);
  expect(started).toEqual([]);
  expect(registry.all.flatMap(eventsOf)).toMatchObject([{ value: { code: RejectCode.DRAINING } }]);
});

test("the next attempt of a run waits for the one before", () => {
  const { started, want } = registryOf();
  want(Want.RUN);
  want(Want.RUN, { attempt: 2 });
  expect(started[1]?.predecessors).toEqual([started[0]?.attempt]);
});

test("an attempt that a full message doesn't name is killed, and removed as soon as it has ended", () => {
  const { registry, started, want } = registryOf();
  want(Want.RUN);
  registry.apply(create(DesiredSchema, { epoch: 2n, full: true }));
  const attempt = started[0]?.attempt;
  expect(attempt?.stop).toMatchObject({ reason: ExitReason.ABANDONED, level: StopLevel.KILL });
  expect(registry.all).toEqual([attempt]);
  attempt?.exit({});
  attempt && registry.removeIfUnknown(attempt);
  expect(registry.all).toEqual([]);
});

test("a released attempt is gone, and isn't started again by an old message", () => {
  const { registry, started, want } = registryOf();
  want(Want.RUN);
  started[0]?.attempt.exit({});
  registry.acknowledge(create(AckSchema, { runId: RUN_ID, attempt: 1, throughEvent: 2n, release: true }));
  expect(registry.all).toEqual([]);
  want(Want.RUN);
  expect(started).toHaveLength(1);
});
