import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { architecture, freeBytes, loadAverage, operatingSystem, SOFTWARE } from "../host-info.js";
import { type HeartbeatSchema, type Hello, HelloSchema, RunState } from "../proto/worker_pb.js";
import type { Workshop } from "../runs/attempt-store.js";
import { RECEIVE_LIMIT_BYTES } from "../transport/transport.js";
import type { AttemptRegistry } from "./attempt-registry.js";

/** The version of the protocol that this worker speaks. */
export const PROTOCOL_VERSION = 1;

/** What outlives a session: the highest epoch seen, and the end that was asked for. */
export interface SessionIdentity {
  readonly instanceId: string;
  workerId: string;
  lastEpoch: bigint;
  drainingReason: string | undefined;
}

/** Who the worker is and what it holds at this moment. */
export function helloOf(workshop: Workshop, holdings: AttemptRegistry, standing: SessionIdentity): Hello {
  const { settings, bootId, features } = workshop;
  return create(HelloSchema, {
    protoMin: PROTOCOL_VERSION,
    protoMax: PROTOCOL_VERSION,
    workerId: standing.workerId,
    name: settings.name,
    bootId,
    instanceId: standing.instanceId,
    os: operatingSystem(),
    arch: architecture(),
    software: SOFTWARE,
    labels: { ...settings.labels },
    capacity: settings.capacity,
    features: [...features],
    limits: { spoolBytes: BigInt(settings.spoolBytes), messageBytes: RECEIVE_LIMIT_BYTES },
    encoding: "utf-8",
    workDirectory: settings.workDirectory,
    runs: holdings.all
      .filter(({ state, isUnknown: silent }) => state > RunState.NEW && !silent)
      .map((attempt) => attempt.summary()),
    lastEpoch: standing.lastEpoch,
    draining: standing.drainingReason !== undefined,
  });
}

/** What the worker is doing at this moment. */
export function heartbeatOf(
  number: number,
  workshop: Workshop,
  holdings: AttemptRegistry,
): MessageInitShape<typeof HeartbeatSchema> {
  const load = loadAverage();
  return {
    n: BigInt(number),
    ...(load !== undefined && { load }),
    diskFreeBytes: freeBytes(workshop.settings.workDirectory),
    running: holdings.all
      .filter(({ state }) => state === RunState.RUNNING || state === RunState.STOPPING)
      .map(({ runId, attempt }) => ({ runId, attempt })),
    spooledBytes: BigInt(workshop.spool.usedBytes),
  };
}
