/**
 * One stream for all tabs of a browser, which may hold only six connections to a server over HTTP/1.1.
 *
 * A tab names the position it knows. What the hub has given to others since is repeated to it; when that reaches back too far
 * the tab is told so and reads everything again.
 */

import { type LedgerEvent, LedgerStream, type Listener, type StreamState } from "./ledger-stream.ts";

export const REMEMBERED_MAX = 2_000;

export type FromTab =
  | { kind: "follow"; address: string; after: number }
  | { kind: "wake" }
  | { kind: "leave" };

export type ToTab =
  | { kind: "event"; event: LedgerEvent }
  | { kind: "state"; state: StreamState; position: number }
  | { kind: "missed" };

/** What is used of a `MessagePort`. */
export type Tab = { postMessage(message: ToTab): void };

type MakeStream = (
  address: string,
  after: number,
  listener: Listener,
) => Pick<LedgerStream, "start" | "stop" | "wake">;

export class Hub {
  private readonly tabs = new Set<Tab>();
  private readonly remembered: LedgerEvent[] = [];
  private stream: ReturnType<MakeStream> | undefined;
  /** Everything after this position is remembered. */
  private floor = 0;
  private state: StreamState = "stopped";
  private position = 0;

  constructor(
    private readonly makeStream: MakeStream = (address, after, listener) =>
      new LedgerStream(address, after, listener),
  ) {}

  receive(tab: Tab, message: FromTab): void {
    switch (message.kind) {
      case "follow":
        this.join(tab, message.address, message.after);
        break;
      case "wake":
        this.stream?.wake();
        break;
      case "leave":
        this.leave(tab);
        break;
    }
  }

  private join(tab: Tab, address: string, after: number): void {
    this.tabs.add(tab);
    if (!this.stream) {
      this.floor = after;
      this.position = after;
      this.remembered.length = 0;
      this.stream = this.makeStream(address, after, {
        onEvent: (event) => this.onEvent(event),
        onState: this.onState,
      });
      this.stream.start();
      return;
    }
    if (after < this.floor) tab.postMessage({ kind: "missed" });
    for (const event of this.remembered) {
      if (event.position > after) tab.postMessage({ kind: "event", event });
    }
    tab.postMessage({ kind: "state", state: this.state, position: this.position });
    // It may be the tab in which somebody has just signed in.
    this.stream.wake();
  }

  private leave(tab: Tab): void {
    this.tabs.delete(tab);
    if (this.tabs.size > 0) return;
    this.stream?.stop();
    this.stream = undefined;
  }

  private onEvent(event: LedgerEvent): void {
    this.remembered.push(event);
    if (this.remembered.length > REMEMBERED_MAX) this.floor = this.remembered.shift()?.position ?? this.floor;
    for (const tab of this.tabs) tab.postMessage({ kind: "event", event });
  }

  private readonly onState = (state: StreamState, position: number): void => {
    this.state = state;
    this.position = position;
    for (const tab of this.tabs) tab.postMessage({ kind: "state", state, position });
  };
}
