import { beforeEach, expect, it } from "vitest";
import type { StreamListener } from "./ledger-stream.ts";
import { REPLAY_EVENTS_MAX, StreamHub, type TabMessage } from "./stream-hub.ts";

class FakeTab {
  readonly got: TabMessage[] = [];

  postMessage(message: TabMessage): void {
    this.got.push(message);
  }

  positions(): number[] {
    return this.got.flatMap((message) => (message.kind === "event" ? [message.event.position] : []));
  }
}

let streams: { after: number; listener: StreamListener; isStopped: boolean }[];
let hub: StreamHub;

const follow = (tab: FakeTab, after: number) => hub.receive(tab, { kind: "follow", url: "/stream", after });
const say = (position: number) =>
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
  });
});

it("holds one stream for all tabs", () => {
  const [first, second] = [new FakeTab(), new FakeTab()];
  follow(first, 10);
  follow(second, 10);
  say(11);
  expect(streams).toHaveLength(1);
  expect(first.positions()).toEqual([11]);
  expect(second.positions()).toEqual([11]);
});

it("repeats to a tab that comes later what it doesn't know yet, and nothing else", () => {
  const [first, second] = [new FakeTab(), new FakeTab()];
  follow(first, 10);
  for (const position of [11, 12, 13]) say(position);
  follow(second, 12);
  say(14);
  expect(second.positions()).toEqual([13, 14]);
  expect(second.got.some(({ kind }) => kind === "missed")).toBe(false);
});

it("tells a tab that knows less than is remembered", () => {
  const [first, second, third] = [new FakeTab(), new FakeTab(), new FakeTab()];
  follow(first, 10);
  follow(second, 9);
  expect(second.got[0]).toEqual({ kind: "missed" });
  for (let position = 11; position <= 11 + REPLAY_EVENTS_MAX; position += 1) say(position);
  follow(third, 10);
  expect(third.got[0]).toEqual({ kind: "missed" });
});

it("ends the stream with the last tab and begins another with the next", () => {
  const tab = new FakeTab();
  follow(tab, 10);
  say(11);
  hub.receive(tab, { kind: "leave" });
  expect(streams[0]?.isStopped).toBe(true);
  follow(tab, 30);
  expect(streams[1]?.after).toBe(30);
  expect(tab.positions()).toEqual([11]);
});
