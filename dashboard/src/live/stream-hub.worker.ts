/** The hub in a shared worker: one for all tabs of this origin that run this version of the dashboard. */

import { type FromTab, Hub } from "./stream-hub.ts";

const hub = new Hub();

(globalThis as unknown as SharedWorkerScope).onconnect = ({ ports: [port] }) => {
  if (!port) return;
  port.onmessage = ({ data }: MessageEvent<FromTab>) => hub.receive(port, data);
};

/** The type library for workers can't stand beside that for pages. */
type SharedWorkerScope = { onconnect: ((event: MessageEvent) => void) | null };
