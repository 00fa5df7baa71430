// The Hello message: who the worker is, and which attempts it holds.
import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { architecture, operatingSystem, SOFTWARE } from "../host-info.js";
import { type Hello, HelloSchema, RunState, type RunSummary, RunSummarySchema } from "../proto/worker_pb.js";
import type { Attempt } from "../runs/attempt.js";
import type { AttemptStore } from "../runs/attempt-store.js";
import { RECEIVE_LIMIT_BYTES } from "../transport/transport.js";
import type { AttemptRegistry } from "./attempt-registry.js";
import { readEpoch } from "./epoch.js";
import { LedgerHeadFile } from "./ledger-head.js";

/** The version of the protocol that this worker speaks. */
export const PROTOCOL_VERSION = 1;

/** What Hello says of the worker and one session leaves to the next. */
export interface SessionIdentity {
  readonly instanceId: string;
  workerId: string;
  /** The highest epoch that a server has shown. */
  lastEpoch: bigint;
  readonly ledgerHead: LedgerHeadFile;
  /** Why the worker takes no new work; undefined while it does. */
  drainingReason: string | undefined;
}

/** The identity of a program that has just started, with what an earlier one has kept. */
export function newIdentity(stateDirectory: string): SessionIdentity {
  return {
    instanceId: randomUUID(),
    workerId: "",
    lastEpoch: readEpoch(stateDirectory),
    ledgerHead: new LedgerHeadFile(stateDirectory),
    drainingReason: undefined,
  };
}

/** Who the worker is and what it holds at this moment. */
export function helloOf(
  store: AttemptStore,
  features: readonly string[],
  registry: AttemptRegistry,
  identity: SessionIdentity,
): Hello {
  const { settings, bootId } = store;
  return create(HelloSchema, {
    protoMin: PROTOCOL_VERSION,
    protoMax: PROTOCOL_VERSION,
    workerId: identity.workerId,
    name: settings.name,
    bootId,
    instanceId: identity.instanceId,
    os: operatingSystem(),
    arch: architecture(),
    software: SOFTWARE,
    labels: { ...settings.labels },
    capacity: settings.capacity,
    features: [...features, "ledger_head"],
    limits: { spoolBytes: BigInt(settings.spoolBytes), messageBytes: RECEIVE_LIMIT_BYTES },
    encoding: "utf-8",
    workDirectory: settings.workDirectory,
    runs: registry.all.filter(({ state, isUnknown }) => state > RunState.NEW && !isUnknown).map(summaryOf),
    lastEpoch: identity.lastEpoch,
    draining: identity.drainingReason !== undefined,
    ledgerHead: identity.ledgerHead.kept,
  });
}

function summaryOf({ runId, attempt, fence, state, journal }: Attempt): RunSummary {
  return create(RunSummarySchema, {
    runId,
    attempt,
    fence,
    state,
    nextEvent: BigInt(journal.nextEvent),
    ackedThrough: BigInt(journal.ackedThrough),
    offsets: journal.header.channels.map((channel, index) => ({
      channel,
      bytes: BigInt(journal.offsets[index] ?? 0),
    })),
  });
}
