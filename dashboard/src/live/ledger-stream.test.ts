import { beforeEach, describe, expect, it } from "vitest";
import { type EventSourceLike, LedgerStream, type StreamState } from "./ledger-stream.ts";

class FakeSource implements EventSourceLike {
  readyState = 0;
  onopen: EventSourceLike["onopen"] = null;
  onerror: EventSourceLike["onerror"] = null;
  private readonly listeners = new Map<string, (event: MessageEvent<string>) => void>();

  constructor(readonly url: string) {}

  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.listeners.set(type, listener);
  }

  close(): void {
    this.readyState = 2;
  }

  opens(): void {
    this.readyState = 1;
    this.onopen?.(new Event("open"));
  }

  /** The connection broke; the browser tries again by itself. */
  breaks(): void {
    this.readyState = 0;
    this.onerror?.(new Event("error"));
  }

  /** The response isn't a stream; the browser gives up. */
  fails(): void {
    this.readyState = 2;
    this.onerror?.(new Event("error"));
  }

  sends(position: number | string, type = "fact"): void {
    const event = {
      lastEventId: String(position),
      data: '{"name":"build.finished.v1"}',
    } as MessageEvent<string>;
    this.listeners.get(type)?.(event);
  }
}

let sources: FakeSource[];
let timers: { action: () => void; delay_ms: number; cancelled: boolean }[];
let seen: number[];
let names: string[];
let states: StreamState[];

function makeStream(position: number): LedgerStream {
  return new LedgerStream(
    "/api/v1/stream",
    position,
    {
      onEvent: ({ position, name }) => {
        seen.push(position);
        names.push(name);
      },
      onState: (state) => {
        if (states.at(-1) !== state) states.push(state);
      },
    },
    {
      open: (url) => {
        const source = new FakeSource(url);
        sources.push(source);
        return source;
      },
      startTimer: (action, delay_ms) => {
        const timer = { action, delay_ms, cancelled: false };
        timers.push(timer);
        return () => {
          timer.cancelled = true;
        };
      },
    },
  );
}

const newest = () => sources.at(-1) as FakeSource;

beforeEach(() => {
  sources = [];
  timers = [];
  seen = [];
  names = [];
  states = [];
});

describe("LedgerStream", () => {
  it("asks for the events after its first position", () => {
    makeStream(41).start();
    expect(newest().url).toBe("/api/v1/stream?after=41");
  });

  it("delivers each position once and in order, even when the browser repeats some after reconnecting", () => {
    makeStream(0).start();
    newest().opens();
    newest().sends(1);
    newest().sends(2);
    newest().breaks();
    newest().opens();
    newest().sends(2);
    newest().sends(1);
    newest().sends(3);
    expect(seen).toEqual([1, 2, 3]);
  });

  it("delivers a fact with its stored name", () => {
    makeStream(0).start();
    newest().sends(1);
    expect(names).toEqual(["build.finished.v1"]);
  });

  it("resumes after a position sent without a fact", () => {
    makeStream(5).start();
    newest().sends(2_005, "position");
    newest().fails();
    timers[0]?.action();
    expect(seen).toEqual([]);
    expect(newest().url).toBe("/api/v1/stream?after=2005");
  });

  it("accepts gaps between positions", () => {
    makeStream(10).start();
    newest().sends(11);
    newest().sends(19);
    expect(seen).toEqual([11, 19]);
  });

  it("ignores an event without a valid position", () => {
    makeStream(0).start();
    newest().sends("");
    newest().sends("x");
    expect(seen).toEqual([]);
  });

  it("opens a new stream after the last position when the browser gives up", () => {
    makeStream(5).start();
    newest().opens();
    newest().sends(6);
    newest().fails();
    expect(states).toEqual(["connecting", "live", "retrying"]);
    timers[0]?.action();
    expect(newest().url).toBe("/api/v1/stream?after=6");
    newest().opens();
    expect(states.at(-1)).toBe("live");
  });

  it("doubles the delay after each failure up to a limit, and resets it once live", () => {
    makeStream(0).start();
    for (let attempt = 0; attempt < 8; attempt += 1) {
      newest().fails();
      timers.at(-1)?.action();
    }
    expect(timers.slice(0, 3).map((timer) => timer.delay_ms)).toEqual([500, 1_000, 2_000]);
    expect(timers.at(-1)?.delay_ms).toBe(15_000);
    newest().opens();
    newest().fails();
    expect(timers.at(-1)?.delay_ms).toBe(500);
  });

  it("reconnects at once when told to retry now", () => {
    const stream = makeStream(0);
    stream.start();
    newest().fails();
    stream.retryNow();
    expect(timers[0]?.cancelled).toBe(true);
    expect(sources).toHaveLength(2);
    stream.retryNow();
    expect(sources).toHaveLength(2);
  });

  it("neither retries nor delivers after it was stopped", () => {
    const stream = makeStream(0);
    stream.start();
    const source = newest();
    stream.stop();
    source.fails();
    expect(timers).toEqual([]);
    expect(states.at(-1)).toBe("stopped");
    expect(source.readyState).toBe(2);
  });
});
