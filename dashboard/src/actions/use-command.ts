import { useMutation } from "@tanstack/react-query";
import { type Command, sendCommand } from "../api/commands.ts";
import { toProblem } from "../api/problem.ts";
import { raiseMinimumPosition } from "../live/minimum-position.ts";
import { showToast } from "../ui/toasts.tsx";

const DONE_TEXTS: Record<Command["kind"], string> = {
  force: "Build requested",
  stop: "Stop requested",
  rebuild: "Rebuild requested",
  cancel: "Request cancelled",
  priority: "Priority changed",
  rollback: "Earlier configuration in force",
};

/** Sends a command and shows a toast: the position it was recorded at, or why it was refused. */
export function useCommand() {
  return useMutation({
    mutationFn: sendCommand,
    onSuccess: (receipt, command) => {
      raiseMinimumPosition(receipt.position);
      const note = receipt.duplicate ? " (already done)" : "";
      showToast({ kind: "success", text: `${DONE_TEXTS[command.kind]}${note}`, position: receipt.position });
    },
    onError: (thrown) => {
      const { message, detail } = toProblem(thrown);
      showToast({ kind: "error", text: detail ? `${message}: ${detail}` : message });
    },
  });
}
