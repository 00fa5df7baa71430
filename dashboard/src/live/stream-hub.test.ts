import { beforeEach, expect, it } from "vitest";
import type { StreamListener } from "./ledger-stream.ts";
import { StreamHub, type TabMessage } from "./stream-hub.ts";

class FakeTab {
  readonly received: TabMessage[] = [];

  postMessage(message: TabMessage): void {
    this.received.push(message);
  }

  positions(): number[] {
    return this.received.flatMap((message) => (message.kind === "event" ? [message.event.position] : []));
  }
}

const REPLAY_EVENTS_MAX = 3;
let streams: { after: number; listener: StreamListener; isStopped: boolean }[];
let hub: StreamHub;

const follow = (tab: FakeTab, after: number) => hub.receive(tab, { kind: "follow", url: "/stream", after });
const emit = (position: number) =>
  streams.at(-1)?.listener.onEvent({ position, name: "build.finished.v1", fact: {} });

beforeEach(() => {
  streams = [];
  hub = new StreamHub((_url, after, listener) => {
    const stream = { after, listener, isStopped: false };
    streams.push(stream);
    return {
      start: () => {},
      retryNow: () => {},
      stop: () => {
        stream.isStopped = true;
      },
    };
  }, REPLAY_EVENTS_MAX);
});

it("opens one stream for all tabs", () => {
  const [first, second] = [new FakeTab(), new FakeTab()];
  follow(first, 10);
  follow(second, 10);
  emit(11);
  expect(streams).toHaveLength(1);
  expect(first.positions()).toEqual([11]);
  expect(second.positions()).toEqual([11]);
});

it("replays to a later tab the events it doesn't know yet, and no others", () => {
  const [first, second] = [new FakeTab(), new FakeTab()];
  follow(first, 10);
  for (const position of [11, 12, 13]) emit(position);
  follow(second, 12);
  emit(14);
  expect(second.positions()).toEqual([13, 14]);
  expect(second.received.some(({ kind }) => kind === "missed")).toBe(false);
});

it("tells a tab whose position is older than the replay buffer that it missed events", () => {
  const [first, second, third] = [new FakeTab(), new FakeTab(), new FakeTab()];
  follow(first, 10);
  follow(second, 9);
  expect(second.received[0]).toEqual({ kind: "missed" });
  for (let position = 11; position <= 11 + REPLAY_EVENTS_MAX; position += 1) emit(position);
  follow(third, 10);
  expect(third.received[0]).toEqual({ kind: "missed" });
});

it("stops the stream with the last tab and starts a new one for the next", () => {
  const tab = new FakeTab();
  follow(tab, 10);
  emit(11);
  hub.receive(tab, { kind: "leave" });
  expect(streams[0]?.isStopped).toBe(true);
  follow(tab, 30);
  expect(streams[1]?.after).toBe(30);
  expect(tab.positions()).toEqual([11]);
});
