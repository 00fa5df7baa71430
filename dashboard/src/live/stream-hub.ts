/**
 * One stream for all tabs of a browser, which may hold only six connections to a server over HTTP/1.1.
 *
 * A tab names the position it knows. Later events are replayed to it from a buffer; when the buffer doesn't reach back that
 * far the tab gets `missed` and refetches everything.
 */

import { type LedgerEvent, LedgerStream, type StreamListener, type StreamState } from "./ledger-stream.ts";

const REPLAY_EVENTS_MAX = 2_000;

export type TabRequest =
  | { kind: "follow"; url: string; after: number }
  | { kind: "retryNow" }
  | { kind: "leave" };

export type TabMessage =
  | { kind: "event"; event: LedgerEvent }
  | { kind: "state"; state: StreamState; position: number }
  | { kind: "missed" };

/** The part of a `MessagePort` that the hub uses. */
type Tab = { postMessage(message: TabMessage): void };

type CreateStream = (
  url: string,
  after: number,
  listener: StreamListener,
) => Pick<LedgerStream, "start" | "stop" | "retryNow">;

export class StreamHub {
  private readonly tabs = new Set<Tab>();
  private readonly replayBuffer: LedgerEvent[] = [];
  private stream: ReturnType<CreateStream> | undefined;
  /** The buffer holds every event after this position. */
  private replayableAfter = 0;
  private state: StreamState = "stopped";
  private position = 0;

  constructor(
    private readonly createStream: CreateStream = (url, after, listener) =>
      new LedgerStream(url, after, listener),
    private readonly replayEventsMax = REPLAY_EVENTS_MAX,
  ) {}

  receive(tab: Tab, message: TabRequest): void {
    switch (message.kind) {
      case "follow":
        this.join(tab, message.url, message.after);
        break;
      case "retryNow":
        this.stream?.retryNow();
        break;
      case "leave":
        this.leave(tab);
        break;
    }
  }

  private join(tab: Tab, url: string, after: number): void {
    this.tabs.add(tab);
    if (!this.stream) {
      this.replayableAfter = after;
      this.position = after;
      this.replayBuffer.length = 0;
      this.stream = this.createStream(url, after, {
        onEvent: (event) => this.onEvent(event),
        onState: this.onState,
      });
      this.stream.start();
      return;
    }
    if (after < this.replayableAfter) tab.postMessage({ kind: "missed" });
    for (const event of this.replayBuffer) {
      if (event.position > after) tab.postMessage({ kind: "event", event });
    }
    tab.postMessage({ kind: "state", state: this.state, position: this.position });
    // It may be the tab in which somebody has just signed in.
    this.stream.retryNow();
  }

  private leave(tab: Tab): void {
    this.tabs.delete(tab);
    if (this.tabs.size > 0) return;
    this.stream?.stop();
    this.stream = undefined;
  }

  private onEvent(event: LedgerEvent): void {
    this.replayBuffer.push(event);
    if (this.replayBuffer.length > this.replayEventsMax)
      this.replayableAfter = this.replayBuffer.shift()?.position ?? this.replayableAfter;
    for (const tab of this.tabs) tab.postMessage({ kind: "event", event });
  }

  private readonly onState = (state: StreamState, position: number): void => {
    this.state = state;
    this.position = position;
    for (const tab of this.tabs) tab.postMessage({ kind: "state", state, position });
  };
}
