/** Every command of the app, sent so that a repeated try does nothing twice. */

import { api, dataOrThrow } from "./client.ts";
import { toProblem } from "./problem.ts";
import type { components } from "./schema.d.ts";

export type ForceBody = components["schemas"]["ForceBody"];

export type Command =
  | { kind: "force"; builder: string; body: ForceBody }
  | { kind: "stop"; build: string; reason: string }
  | { kind: "rebuild"; build: string; reason: string }
  | { kind: "cancel"; request: string; reason: string }
  | { kind: "priority"; request: string; priority: number }
  | { kind: "rollback"; revision: number; expected: number; message: string };

/** The ledger position a command was recorded at; `duplicate` when an earlier try had been recorded. */
type Receipt = { position: number; duplicate: boolean };

const TRIES_MAX = 3;
const RETRY_PAUSE_MS = 400;

/**
 * Sends a command, a few times where the failure is transient, each time with the same idempotency key.
 *
 * Throws an `ApiProblem` when the server refuses, or what `fetch` throws when it can't be reached.
 */
export async function sendCommand(command: Command): Promise<Receipt> {
  const key = idempotencyKey();
  for (let tries = 1; ; tries += 1) {
    try {
      return await sendOnce(command, key);
    } catch (thrown) {
      if (!toProblem(thrown).isTransient || tries === TRIES_MAX) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS * tries));
    }
  }
}

/** A random key; works where `crypto.randomUUID` is not available, as on plain HTTP. */
function idempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sendOnce(command: Command, key: string) {
  const header = { "Idempotency-Key": key };
  switch (command.kind) {
    case "force":
      return dataOrThrow(
        api.POST("/api/v1/builders/{name}/force", {
          params: { path: { name: command.builder }, header },
          body: command.body,
        }),
      );
    case "stop":
      return dataOrThrow(
        api.POST("/api/v1/builds/{build_id}/stop", {
          params: { path: { build_id: command.build }, header },
          body: { reason: command.reason },
        }),
      );
    case "rebuild":
      return dataOrThrow(
        api.POST("/api/v1/builds/{build_id}/rebuild", {
          params: { path: { build_id: command.build }, header },
          body: { reason: command.reason, obtained: true },
        }),
      );
    case "cancel":
      return dataOrThrow(
        api.POST("/api/v1/requests/{request_id}/cancel", {
          params: { path: { request_id: command.request }, header },
          body: { reason: command.reason },
        }),
      );
    case "priority":
      return dataOrThrow(
        api.POST("/api/v1/requests/{request_id}/priority", {
          params: { path: { request_id: command.request }, header },
          body: { priority: command.priority },
        }),
      );
    case "rollback":
      return dataOrThrow(
        api.POST("/api/v1/config/rollback", {
          params: { header },
          body: { revision: command.revision, expected_revision: command.expected, message: command.message },
        }),
      );
  }
}
