/** One ticking clock for the whole page: components that show a passing time watch it instead of each setting a timer. */

import { useSyncExternalStore } from "react";

type TickRate = "second" | "quarter-minute";

const TICK_MS: Record<TickRate, number> = { second: 1_000, "quarter-minute": 15_000 };

class Ticker {
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setInterval> | undefined;
  private now_ms = Date.now();

  constructor(private readonly pace_ms: number) {}

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    this.timer ??= setInterval(() => this.tick(), this.pace_ms);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
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
    for (const watcher of this.listeners) watcher();
  }
}

/** Steady between ticks, so that a store read twice in one rendering gives the same. */
function floor(value: number, step: number): number {
  return value - (value % step);
}

const tickers: Record<TickRate, Ticker> = {
  second: new Ticker(TICK_MS.second),
  "quarter-minute": new Ticker(TICK_MS["quarter-minute"]),
};

/** The present in milliseconds, changing at the given pace. */
export function useNow(rate: TickRate): number {
  const ticker = tickers[rate];
  return useSyncExternalStore(ticker.subscribe, ticker.get);
}
