import { create } from "@bufbuild/protobuf";
import { expect, test, vi } from "vitest";
import {
  type Command,
  CommandSchema,
  ExitReason,
  OutputPolicy,
  RunSpecSchema,
} from "../../src/proto/worker_pb.js";
import type { Attempt } from "../../src/runs/attempt.js";
import { makePlan } from "../../src/runs/plan.js";
import { Recording } from "../../src/runs/recording.js";
import { eventsOf, newAttempt, newStore } from "../attempts.js";

interface Recorded {
  readonly attempt: Attempt;
  readonly recording: Recording;
  readonly onFull: ReturnType<typeof vi.fn>;
}

function recordingOf(options: {
  logLimit?: bigint;
  outputPolicy?: OutputPolicy;
  spoolBytes?: number;
}): Recorded {
  const { spoolBytes, ...limits } = options;
  const command: Command = create(CommandSchema, {
    program: { case: "argv", value: { args: ["true"] } },
    mergeStderr: true,
    ...limits,
  });
  const spec = create(RunSpecSchema, { builddir: "b", operation: { case: "command", value: command } });
  const plan = makePlan(spec, "/nowhere", []);
  const attempt = newAttempt(newStore(spoolBytes));
  attempt.begin(plan.channels);
  const onFull = vi.fn();
  const recording = new Recording(attempt, plan, command, onFull);
  return { attempt, recording, onFull };
}

function outputsOf(attempt: Attempt) {
  return eventsOf(attempt).flatMap((event): (string | { gap: bigint[] })[] => {
    if (event.case === "output") {
      return [Buffer.from(event.value.data).toString()];
    }
    return event.case === "gap" ? [{ gap: [event.value.fromOffset, event.value.toOffset] }] : [];
  });
}

test("output beyond the log's limit is cut off, and the run is stopped for that", () => {
  const { attempt, recording } = recordingOf({ logLimit: 4n });
  for (const text of ["abc", "def"]) {
    recording.channels[0]?.feed(Buffer.from(text));
    recording.channels[0]?.finish();
  }
  expect(outputsOf(attempt)).toEqual(["abc", "d"]);
  expect(attempt.stop.reason).toBe(ExitReason.LOG_LIMIT);
  expect(recording.totals()).toMatchObject([{ channel: "stdio", bytes: 4n }]);
});

test("on a full spool output is dropped where that is allowed, and the gap is journalled", () => {
  const { attempt, recording, onFull } = recordingOf({ outputPolicy: OutputPolicy.GAP, spoolBytes: 100 });
  attempt.store.spoolBudget.change(100);
  recording.channels[0]?.feed(Buffer.from("lost"));
  recording.channels[0]?.finish();
  attempt.store.spoolBudget.change(-100);
  recording.channels[0]?.feed(Buffer.from("kept"));
  recording.finish();
  expect(outputsOf(attempt)).toEqual([{ gap: [0n, 4n] }, "kept"]);
  expect(onFull).not.toHaveBeenCalled();
});

test("on a full spool a command that may lose nothing has to wait", () => {
  const { recording, onFull } = recordingOf({ spoolBytes: 100 });
  recording.channels[0]?.feed(Buffer.alloc(200, "x"));
  recording.channels[0]?.finish();
  expect(onFull).toHaveBeenCalled();
});
