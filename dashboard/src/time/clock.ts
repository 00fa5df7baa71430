/** One ticking clock for the whole page, so that no component that shows a passing time needs a timer of its own. */

import { createContext, useContext, useSyncExternalStore } from "react";

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

/** Constant between ticks, so that two reads in one rendering agree. */
function floor(value: number, step: number): number {
  return value - (value % step);
}

const tickers: Record<TickRate, Ticker> = {
  second: new Ticker(TICK_MS.second),
  "quarter-minute": new Ticker(TICK_MS["quarter-minute"]),
};

/** The moment, in milliseconds, that a page of the past shows. Undefined while the page shows the present. */
export const AsOfMoment = createContext<number | undefined>(undefined);

/** The clock that ages and running durations are counted by: the moment of the past that is shown, or else the present. */
export function useNow(rate: TickRate): number {
  const past_ms = useContext(AsOfMoment);
  const present_ms = usePresent(rate);
  return past_ms ?? present_ms;
}

/** The present in milliseconds, whatever moment the page shows. */
export function usePresent(rate: TickRate): number {
  const ticker = tickers[rate];
  return useSyncExternalStore(ticker.subscribe, ticker.get);
}
