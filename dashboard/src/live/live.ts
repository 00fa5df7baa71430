/** The one live connection of this page and what the rest of the app may know of it. */

import { Store } from "../app/store.ts";
import { type LedgerEvent, LedgerStream, type StreamState } from "./stream.ts";

export type LiveStatus = { readonly state: StreamState; readonly position: number };

export const live = new Store<LiveStatus>({ state: "stopped", position: 0 });

let stream: LedgerStream | undefined;
let latest: LiveStatus = live.get();
let isScheduled = false;

/** Follows the ledger from `position` on; a second call goes on from there instead. */
export function follow(address: string, position: number, onEvent: (event: LedgerEvent) => void): void {
  stream?.stop();
  stream = new LedgerStream(address, position, {
    onEvent,
    onState: (state, reached) => publish({ state, position: reached }),
  });
  stream.start();
}

export function unfollow(): void {
  stream?.stop();
  stream = undefined;
}

/** At most once per frame, however many facts arrive in it. */
function publish(status: LiveStatus): void {
  latest = status;
  if (isScheduled) return;
  isScheduled = true;
  const tell = () => {
    isScheduled = false;
    live.set(latest);
  };
  if (document.hidden) setTimeout(tell, 250);
  else requestAnimationFrame(tell);
}

window.addEventListener("online", () => stream?.wake());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) stream?.wake();
});
