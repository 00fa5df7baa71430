import { Store, useStore } from "../state/store.ts";
import { Icon } from "./icons.tsx";
import { StatusIcon } from "./status-icon.tsx";
import "./toasts.css";

/** What became of a command: the position it was recorded at, or why it was refused. */
export type Toast = { kind: "done" | "refused"; text: string; position?: number };

const SHOWN_MS = 8_000;
const toasts = new Store<readonly (Toast & { id: number })[]>([]);
let lastId = 0;

export function showToast(toast: Toast): void {
  lastId += 1;
  const id = lastId;
  toasts.set([...toasts.get().slice(-3), { ...toast, id }]);
  // A refusal stays until it is read.
  if (toast.kind === "done") setTimeout(() => dismiss(id), SHOWN_MS);
}

function dismiss(id: number): void {
  toasts.set(toasts.get().filter((notice) => notice.id !== id));
}

export function Toasts() {
  const shown = useStore(toasts);
  return (
    <div className="notices" role="status" aria-live="polite">
      {shown.map(({ id, kind, text, position }) => (
        <div key={id} className={`notice is-${kind === "done" ? "success" : "failure"}`}>
          <StatusIcon status={kind === "done" ? "success" : "failure"} />
          <span className="notice-text">
            {text}
            {position !== undefined && (
              <span className="muted"> · position {position.toLocaleString("en")}</span>
            )}
          </span>
          <button
            type="button"
            className="button quiet small icon-only"
            aria-label="Dismiss"
            onClick={() => dismiss(id)}
          >
            <Icon name="close" size={12} />
          </button>
        </div>
      ))}
    </div>
  );
}
