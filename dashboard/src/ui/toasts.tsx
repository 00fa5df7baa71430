import { Store, useStore } from "../state/store.ts";
import { Icon } from "./icons.tsx";
import { StatusIcon } from "./status-icon.tsx";
import "./toasts.css";

/** A short message about something the reader did, with the ledger position of a recorded command. */
type Toast = { kind: "success" | "error"; text: string; position?: number };

const SHOWN_MS = 8_000;
const toasts = new Store<readonly (Toast & { id: number })[]>([]);
let lastId = 0;

/** Shows a toast: a success for eight seconds, an error until it is dismissed. */
export function showToast(toast: Toast): void {
  lastId += 1;
  const id = lastId;
  toasts.set([...toasts.get().slice(-3), { ...toast, id }]);
  if (toast.kind === "success") setTimeout(() => dismiss(id), SHOWN_MS);
}

function dismiss(id: number): void {
  toasts.set(toasts.get().filter((toast) => toast.id !== id));
}

/** The stack of toasts in the corner of the page. */
export function Toasts() {
  const shown = useStore(toasts);
  return (
    <div className="toasts" role="status" aria-live="polite">
      {shown.map(({ id, kind, text, position }) => (
        <div key={id} className={`toast is-${kind === "success" ? "success" : "failure"}`}>
          <StatusIcon status={kind === "success" ? "success" : "failure"} />
          <span className="toast-text">
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
