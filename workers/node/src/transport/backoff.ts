// How long to wait before the next try to reach the server.

// The first is short so that a restarted server has its workers back at once; full jitter keeps a thousand workers from
// coming back in the same instant. For some ten seconds they stay at 4 s and below: a network that was away for no longer
// has its workers back within two seconds.
const CEILINGS_SECONDS = [0.25, 1, 1, 2, 2, 2, 4, 4, 4, 8, 16, 32, 60] as const;
const SLOWEST_SECONDS = 60;

/** Full-jitter delays that grow to a minute and start over after a success. */
export class Backoff {
  readonly #random: () => number;
  #failures = 0;

  /** `random` gives numbers from 0 up to, but not including, 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The session was established: the next failure is the first again. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Seconds to wait after one more failure. */
  nextDelay(): number {
    const ceiling = CEILINGS_SECONDS[this.#failures] ?? SLOWEST_SECONDS;
    this.#failures += 1;
    return this.#random() * ceiling;
  }

  /** Seconds to wait when only a person can help. */
  slowestDelay(): number {
    return (SLOWEST_SECONDS / 2) * (1 + this.#random());
  }
}
