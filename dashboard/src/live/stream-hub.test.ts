import { beforeEach, expect, it } from "vitest";
import type { Listener } from "./ledger-stream.ts";
import { Hub, REMEMBERED_MAX, type ToTab } from "./stream-hub.ts";

class FakeTab {
  readonly got: ToTab[] = [];

  postMessage(message: ToTab): void {
    this.got.push(message);
  }

  positions(): number[] {
    return this.got.flatMap((message) => (message.kind === "event" ? [message.event.position] : []));
  }
}

let streams: { after: number; listener: Listener; isStopped: boolean }[];
let hub: Hub;

const follow = (tab: FakeTab, after: number) =>
  hub.receive(tab, { kind: "follow", address: "/stream", after });
const say = (position: number) =>
  streams.at(-1)?.listener.onEvent({ position, name: "build.finished.v1", fact: {} });

beforeEach(() => {
  streams = [];
  hub = new Hub((_address, after, listener) => {
    const stream = { after, listener, isStopped: false };
    streams.push(stream);
    return {
      start: () => {},
      wake: () => {},
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
  for (let position = 11; position <= 11 + REMEMBERED_MAX; position += 1) say(position);
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
