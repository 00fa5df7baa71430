/** The live connection of this page to the ledger's tail, and its status for the rest of the app. */

import { Store } from "../state/store.ts";
import type { LedgerEvent, StreamState } from "./ledger-stream.ts";
import { StreamHub, type TabMessage, type TabRequest } from "./stream-hub.ts";
import workerUrl from "./stream-hub.worker.ts?sharedworker&url";

type ConnectionStatus = { readonly state: StreamState; readonly position: number };

export const connectionStatus = new Store<ConnectionStatus>({ state: "stopped", position: 0 });

type LedgerHandlers = {
  onEvent(event: LedgerEvent): void;
  /** Some facts never reached this page: everything it shows may be stale. */
  onMissed(): void;
};

const HIDDEN_TAB_INTERVAL_MS = 250;

let send: ((message: TabRequest) => void) | undefined;
let latestStatus: ConnectionStatus = connectionStatus.get();
let isScheduled = false;

/** Follows the ledger after position `after`, through the stream that all tabs share where the browser has shared workers. */
export function followLedger(url: string, after: number, handlers: LedgerHandlers): void {
  const onMessage = (message: TabMessage) => {
    if (message.kind === "event") handlers.onEvent(message.event);
    else if (message.kind === "missed") handlers.onMissed();
    else publish({ state: message.state, position: message.position });
  };
  send = "SharedWorker" in window ? connectSharedHub(onMessage) : connectOwnHub(onMessage);
  send({ kind: "follow", url, after });
}

function connectSharedHub(onMessage: (message: TabMessage) => void): (message: TabRequest) => void {
  const { port } = new SharedWorker(trustedScriptUrl(workerUrl) as string, {
    type: "module",
    name: "build-ledger",
  });
  port.onmessage = ({ data }: MessageEvent<TabMessage>) => onMessage(data);
  return (message) => port.postMessage(message);
}

function connectOwnHub(onMessage: (message: TabMessage) => void): (message: TabRequest) => void {
  const hub = new StreamHub();
  const tab = { postMessage: onMessage };
  return (message) => hub.receive(tab, message);
}

/** The worker script's URL in the form that `require-trusted-types-for 'script'` asks for. */
function trustedScriptUrl(url: string): unknown {
  const { href, origin } = new URL(url, document.baseURI);
  if (origin !== location.origin) throw new Error("the worker is not of this server");
  const policy = (window as unknown as { trustedTypes?: TrustedTypePolicies }).trustedTypes?.createPolicy(
    "buildledger-worker",
    {
      createScriptURL: (url) => url,
    },
  );
  return policy ? policy.createScriptURL(href) : href;
}

type TrustedTypePolicies = {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): unknown };
};

/** At most once per frame, however many facts arrive in it. */
function publish(status: ConnectionStatus): void {
  latestStatus = status;
  if (isScheduled) return;
  isScheduled = true;
  const apply = () => {
    isScheduled = false;
    connectionStatus.set(latestStatus);
  };
  if (document.hidden) setTimeout(apply, HIDDEN_TAB_INTERVAL_MS);
  else requestAnimationFrame(apply);
}

window.addEventListener("online", () => send?.({ kind: "retryNow" }));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) send?.({ kind: "retryNow" });
});
// A page that the browser keeps for the back button comes back without a connection: it starts anew.
window.addEventListener("pagehide", () => send?.({ kind: "leave" }));
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
