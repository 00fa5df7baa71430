/** Why a worker's session ended, by the names that facts store. */
const DISCONNECT_REASONS: Readonly<Record<string, string>> = {
  drained: "the worker finished its builds and left",
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
