/** One ticking clock for the whole page: components that show a passing time watch it instead of each setting a timer. */

import { useSyncExternalStore } from "react";

type Pace = "second" | "quarter-minute";

const PACES: Record<Pace, number> = { second: 1_000, "quarter-minute": 15_000 };

class Ticker {
  private readonly watchers = new Set<() => void>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private now_ms = Date.now();

  constructor(private readonly pace_ms: number) {}

  subscribe = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    this.timer ??= setInterval(() => this.tick(), this.pace_ms);
    return () => {
      this.watchers.delete(watcher);
      if (this.watchers.size > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    };
  };

  get = (): number => {
    if (!this.timer) this.now_ms = Math.max(this.now_ms, floor(Date.now(), this.pace_ms));
    return this.now_ms;
  };

  private tick(): void {
    this.now_ms = Date.now();
    for (const watcher of this.watchers) watcher();
  }
}

/** Steady between ticks, so that a store read twice in one rendering gives the same. */
function floor(value: number, step: number): number {
  return value - (value % step);
}

const tickers: Record<Pace, Ticker> = {
  second: new Ticker(PACES.second),
  "quarter-minute": new Ticker(PACES["quarter-minute"]),
};

/** The present in milliseconds, changing at the given pace. */
export function useNow(pace: Pace): number {
  const ticker = tickers[pace];
  return useSyncExternalStore(ticker.subscribe, ticker.get);
}
