/** The hub in a shared worker: one for all tabs of this origin that run this version of the dashboard. */

import { StreamHub, type TabRequest } from "./stream-hub.ts";

const hub = new StreamHub();

(globalThis as unknown as SharedWorkerScope).onconnect = ({ ports: [port] }) => {
  if (!port) return;
  port.onmessage = ({ data }: MessageEvent<TabRequest>) => hub.receive(port, data);
};

/** TypeScript's worker library can't be loaded together with the DOM's. */
type SharedWorkerScope = { onconnect: ((event: MessageEvent) => void) | null };
