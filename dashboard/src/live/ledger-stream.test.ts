import { beforeEach, describe, expect, it } from "vitest";
import {
  type EventSourceLike,
  LedgerStream,
  RETRY_FIRST_MS,
  RETRY_MAX_MS,
  type StreamState,
} from "./ledger-stream.ts";

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

  /** The answer wasn't a stream; the browser gives up. */
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
let waits: { action: () => void; delay_ms: number; cancelled: boolean }[];
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
        const wait = { action, delay_ms, cancelled: false };
        waits.push(wait);
        return () => {
          wait.cancelled = true;
        };
      },
    },
  );
}

const newest = () => sources.at(-1) as FakeSource;

beforeEach(() => {
  sources = [];
  waits = [];
  seen = [];
  names = [];
  states = [];
});

describe("LedgerStream", () => {
  it("asks for what follows the position it was given", () => {
    makeStream(41).start();
    expect(newest().url).toBe("/api/v1/stream?after=41");
  });

  it("gives each position once and in order, even when the browser's resumption repeats some", () => {
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

  it("gives a fact by its stored name", () => {
    makeStream(0).start();
    newest().sends(1);
    expect(names).toEqual(["build.finished.v1"]);
  });

  it("goes on from a position that it was only told of", () => {
    makeStream(5).start();
    newest().sends(2_005, "position");
    newest().fails();
    waits[0]?.action();
    expect(seen).toEqual([]);
    expect(newest().url).toBe("/api/v1/stream?after=2005");
  });

  it("passes over positions it may not see", () => {
    makeStream(10).start();
    newest().sends(11);
    newest().sends(19);
    expect(seen).toEqual([11, 19]);
  });

  it("takes nothing without a position for a fact", () => {
    makeStream(0).start();
    newest().sends("");
    newest().sends("x");
    expect(seen).toEqual([]);
  });

  it("opens a new stream after the last position when the browser has given up", () => {
    makeStream(5).start();
    newest().opens();
    newest().sends(6);
    newest().fails();
    expect(states).toEqual(["connecting", "live", "waiting"]);
    waits[0]?.action();
    expect(newest().url).toBe("/api/v1/stream?after=6");
    newest().opens();
    expect(states.at(-1)).toBe("live");
  });

  it("waits longer after each failure, up to a limit, and starts over once it was live", () => {
    makeStream(0).start();
    for (let attempt = 0; attempt < 8; attempt += 1) {
      newest().fails();
      waits.at(-1)?.action();
    }
    expect(waits.slice(0, 3).map((wait) => wait.delay_ms)).toEqual([500, 1_000, 2_000]);
    expect(waits.at(-1)?.delay_ms).toBe(RETRY_MAX_MS);
    newest().opens();
    newest().fails();
    expect(waits.at(-1)?.delay_ms).toBe(RETRY_FIRST_MS);
  });

  it("does not wait any longer when it is woken", () => {
    const stream = makeStream(0);
    stream.start();
    newest().fails();
    stream.retryNow();
    expect(waits[0]?.cancelled).toBe(true);
    expect(sources).toHaveLength(2);
    stream.retryNow();
    expect(sources).toHaveLength(2);
  });

  it("neither retries nor speaks after it was stopped", () => {
    const stream = makeStream(0);
    stream.start();
    const source = newest();
    stream.stop();
    source.fails();
    expect(waits).toEqual([]);
    expect(states.at(-1)).toBe("stopped");
    expect(source.readyState).toBe(2);
  });
});
