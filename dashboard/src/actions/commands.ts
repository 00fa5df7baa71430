/** Every command of the app. Each carries a name of its own, so that a repeated try does nothing twice. */

import { useMutation } from "@tanstack/react-query";
import { api, dataOrThrow, idempotencyKey } from "../api/client.ts";
import { toProblem } from "../api/problem.ts";
import type { components } from "../api/schema.d.ts";
import { raiseMinimumPosition } from "../live/minimum-position.ts";
import { showToast } from "../ui/toasts.tsx";

export type ForceBody = components["schemas"]["ForceBody"];

export type Command =
  | { kind: "force"; builder: string; body: ForceBody }
  | { kind: "stop"; build: string; reason: string }
  | { kind: "rebuild"; build: string; reason: string }
  | { kind: "cancel"; request: string; reason: string }
  | { kind: "priority"; request: string; priority: number };

const DONE_TEXTS: Record<Command["kind"], string> = {
  force: "Build requested",
  stop: "Asked the build to stop",
  rebuild: "Rebuild requested",
  cancel: "Request cancelled",
  priority: "Priority set",
};

const TRIES_MAX = 3;

export function useCommand() {
  return useMutation({
    mutationFn: (command: Command) => send(command, idempotencyKey()),
    onSuccess: (receipt, command) => {
      raiseMinimumPosition(receipt.position);
      const note = receipt.duplicate ? " (it had been done before)" : "";
      showToast({ kind: "done", text: `${DONE_TEXTS[command.kind]}${note}`, position: receipt.position });
    },
    onError: (thrown) => {
      const { message, detail } = toProblem(thrown);
      showToast({ kind: "refused", text: detail ? `${message}: ${detail}` : message });
    },
  });
}

async function send(command: Command, key: string): Promise<{ position: number; duplicate: boolean }> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await sendOnce(command, key);
    } catch (thrown) {
      if (!toProblem(thrown).isTransient || tries === TRIES_MAX) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 400 * tries));
    }
  }
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
  }
}
