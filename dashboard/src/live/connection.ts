/** The live connection of this page and what the rest of the app may know of it. */

import { Store } from "../state/store.ts";
import type { LedgerEvent, StreamState } from "./ledger-stream.ts";
import { type FromTab, Hub, type ToTab } from "./stream-hub.ts";
import workerAddress from "./stream-hub.worker.ts?sharedworker&url";

export type LiveStatus = { readonly state: StreamState; readonly position: number };

export const live = new Store<LiveStatus>({ state: "stopped", position: 0 });

export type Followed = {
  onEvent(event: LedgerEvent): void;
  /** Facts went by that this page was not told of: everything it shows may be old. */
  onMissed(): void;
};

const HIDDEN_PACE_MS = 250;

let send: ((message: FromTab) => void) | undefined;
let latest: LiveStatus = live.get();
let isScheduled = false;

/** Follows the ledger from `after` on, through the stream that all tabs share where the browser can share one. */
export function follow(address: string, after: number, followed: Followed): void {
  const hear = (message: ToTab) => {
    if (message.kind === "event") followed.onEvent(message.event);
    else if (message.kind === "missed") followed.onMissed();
    else publish({ state: message.state, position: message.position });
  };
  send = "SharedWorker" in window ? sharedHub(hear) : ownHub(hear);
  send({ kind: "follow", address, after });
}

function sharedHub(hear: (message: ToTab) => void): (message: FromTab) => void {
  const { port } = new SharedWorker(trusted(workerAddress) as string, {
    type: "module",
    name: "build-ledger",
  });
  port.onmessage = ({ data }: MessageEvent<ToTab>) => hear(data);
  return (message) => port.postMessage(message);
}

function ownHub(hear: (message: ToTab) => void): (message: FromTab) => void {
  const hub = new Hub();
  const tab = { postMessage: hear };
  return (message) => hub.receive(tab, message);
}

/** Our own worker's address in the form that `require-trusted-types-for 'script'` asks for. */
function trusted(address: string): unknown {
  const { href, origin } = new URL(address, document.baseURI);
  if (origin !== location.origin) throw new Error("the worker is not of this server");
  const policy = (window as unknown as { trustedTypes?: TrustedTypes }).trustedTypes?.createPolicy(
    "buildledger-worker",
    {
      createScriptURL: (url) => url,
    },
  );
  return policy ? policy.createScriptURL(href) : href;
}

type TrustedTypes = {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): unknown };
};

/** At most once per frame, however many facts arrive in it. */
function publish(status: LiveStatus): void {
  latest = status;
  if (isScheduled) return;
  isScheduled = true;
  const tell = () => {
    isScheduled = false;
    live.set(latest);
  };
  if (document.hidden) setTimeout(tell, HIDDEN_PACE_MS);
  else requestAnimationFrame(tell);
}

window.addEventListener("online", () => send?.({ kind: "wake" }));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) send?.({ kind: "wake" });
});
// A page that the browser keeps for the back button comes back without a connection: it starts anew.
window.addEventListener("pagehide", () => send?.({ kind: "leave" }));
window.addEventListener("pageshow", (event) => event.persisted && location.reload());
