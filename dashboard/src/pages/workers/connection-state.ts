import type { Worker } from "../../api/types.ts";
import type { Status } from "../../ui/status.ts";

type ConnectionState = { status: Status; label: string };

const CONNECTION_STATES: Record<Worker["status"], ConnectionState> = {
  connected: { status: "success", label: "connected" },
  disconnected: { status: "warnings", label: "disconnected" },
  lost: { status: "failure", label: "lost" },
  never_connected: { status: "unknown", label: "never connected" },
};
const STOPPED: ConnectionState = { status: "unknown", label: "stopped" };
const STOPPING: ConnectionState = { status: "skipped", label: "stopping, connected" };

type Presence = Pick<Worker, "status" | "disconnect_reason" | "paused_by">;

/** True for a worker that somebody stopped in good order: it is neither lost nor missed. */
export function hasStopped({ status, disconnect_reason }: Presence): boolean {
  return status !== "connected" && disconnect_reason === "goodbye";
}

/** Whether the worker is there, as an icon and a label. */
export function connectionState(worker: Presence): ConnectionState {
  if (hasStopped(worker)) return STOPPED;
  if (worker.status === "connected" && worker.paused_by === "worker") return STOPPING;
  return CONNECTION_STATES[worker.status];
}

/** Where a worker connected from, without the scheme that gRPC puts before it and with `[` and `]` readable. */
export function addressText(address: string): string {
  return decodeURIComponent(address.replace(/^ipv[46]:/, ""));
}

/** Why a worker's session ended, by the names that facts store. */
const DISCONNECT_REASONS: Readonly<Record<string, string>> = {
  drained: "the server was stopped",
  expired: "its credential expired",
  goodbye: "the worker was stopped",
  revoked: "its credential was revoked",
  server_lost: "its server was lost",
  silent: "no heartbeat",
  stream_ended: "the connection broke",
  superseded: "a newer session replaced it",
};

/** The reason as text for people; one that isn't known here is shown as it is stored. */
export function disconnectReasonText(reason: string): string {
  return DISCONNECT_REASONS[reason] ?? reason.replaceAll("_", " ");
}
