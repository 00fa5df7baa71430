// Waiting, clocks, and the protocol's durations and timestamps.
import { create } from "@bufbuild/protobuf";
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";

// Node's timers take no longer delay, and would fire at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1;
const NANOSECONDS = 1_000_000_000n;

/** An event that happens once and can be waited for. */
export class Latch {
  readonly #promise: Promise<void>;
  #open: () => void = () => undefined;
  #isSet = false;

  constructor() {
    this.#promise = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  /** Whether it has happened. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /** It has happened: resume everybody who waits; harmless if done before. */
  set(): void {
    this.#isSet = true;
    this.#open();
  }

  /** Resolves when it has happened. */
  wait(): Promise<void> {
    return this.#promise;
  }
}

/** A timer that can be cancelled. */
export interface Timer {
  /** Don't call back; harmless afterwards. */
  cancel(): void;
}

/** Call `action` after `seconds`, however many, on the monotonic clock. */
export function after(seconds: number, action: () => void): Timer {
  const due = monotonicSeconds() + seconds;
  let handle: NodeJS.Timeout;
  const arm = (): void => {
    const rest = Math.max(0, (due - monotonicSeconds()) * 1000);
    handle = setTimeout(() => (rest > LONGEST_TIMER_MS ? arm() : action()), Math.min(rest, LONGEST_TIMER_MS));
  };
  arm();
  return { cancel: () => clearTimeout(handle) };
}

/** Resolves after `seconds`, or as soon as `abort` is aborted. */
export function sleep(seconds: number, abort?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      abort?.removeEventListener("abort", end);
      resolve();
    };
    const timer = after(seconds, end);
    if (abort?.aborted) {
      end();
    } else {
      abort?.addEventListener("abort", end);
    }
  });
}

/** Whether `promise` settles within `seconds`; 0 means no limit. */
export async function settlesWithin(promise: Promise<unknown>, seconds: number): Promise<boolean> {
  const over = new AbortController();
  try {
    const done = promise.then(() => true);
    return await (seconds ? Promise.race([done, sleep(seconds, over.signal).then(() => false)]) : done);
  } finally {
    over.abort();
  }
}

/** Seconds on a clock that can't be set. */
export function monotonicSeconds(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

/** The machine's wall clock in nanoseconds since 1970. */
export function wallNanoseconds(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/** A protocol duration in seconds; 0 if absent. */
export function secondsOf(duration: Duration | undefined): number {
  return duration === undefined ? 0 : Number(duration.seconds) + duration.nanos / 1e9;
}

/** Seconds as a protocol duration. */
export function durationOf(seconds: number): Duration {
  return nanosecondsDuration(BigInt(Math.round(seconds * 1e9)));
}

/** Nanoseconds as a protocol duration. */
export function nanosecondsDuration(nanoseconds: bigint): Duration {
  return create(DurationSchema, {
    seconds: nanoseconds / NANOSECONDS,
    nanos: Number(nanoseconds % NANOSECONDS),
  });
}

/** Nanoseconds since 1970 as a protocol timestamp. */
export function nanosecondsTimestamp(nanoseconds: bigint): Timestamp {
  return create(TimestampSchema, {
    seconds: nanoseconds / NANOSECONDS,
    nanos: Number(nanoseconds % NANOSECONDS),
  });
}
