// The Heartbeat message: what the worker is doing.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type HeartbeatSchema, RunState } from "../proto/worker_pb.js";
import type { HeartbeatStats } from "../runs/local-executor.js";
import type { AttemptRegistry } from "./attempt-registry.js";

/** What the worker is doing at this moment; heartbeats are numbered from 1 in each session. */
export function heartbeatOf(
  number: number,
  { load, diskFreeBytes }: HeartbeatStats,
  registry: AttemptRegistry,
  spooledBytes: number,
): MessageInitShape<typeof HeartbeatSchema> {
  return {
    n: BigInt(number),
    ...(load !== undefined && { load }),
    diskFreeBytes,
    running: registry.all
      .filter(({ state }) => state === RunState.RUNNING || state === RunState.STOPPING)
      .map(({ runId, attempt }) => ({ runId, attempt })),
    spooledBytes: BigInt(spooledBytes),
  };
}
