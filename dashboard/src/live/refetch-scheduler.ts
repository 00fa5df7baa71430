/**
 * Turns a flood of facts into few refetches. Facts name *topics* (`home`, `build:…`); queries say which topics they show.
 *
 * All facts of a frame are handled together. A topic is refetched at once when it has been quiet, and not again before both the
 * refetch has ended and `GAP_MS` have passed; what came meanwhile is remembered, so the last fact is always seen.
 */

export const GAP_MS = 200;

export type Clockwork = {
  /** Runs soon, before the next painting. */
  nextFrame(action: () => void): void;
  pause(duration_ms: number): Promise<void>;
};

export class Refresher {
  private readonly dirty = new Set<string>();
  private readonly busy = new Set<string>();
  private isScheduled = false;

  constructor(
    private readonly refetch: (topic: string) => Promise<unknown>,
    private readonly clockwork: Clockwork = browser,
  ) {}

  note(topics: Iterable<string>): void {
    for (const topic of topics) this.dirty.add(topic);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled || ![...this.dirty].some((topic) => !this.busy.has(topic))) return;
    this.isScheduled = true;
    this.clockwork.nextFrame(() => {
      this.isScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    for (const topic of [...this.dirty]) {
      if (this.busy.has(topic)) continue;
      this.dirty.delete(topic);
      this.busy.add(topic);
      void Promise.allSettled([this.refetch(topic), this.clockwork.pause(GAP_MS)]).then(() => {
        this.busy.delete(topic);
        this.schedule();
      });
    }
  }
}

const browser: Clockwork = {
  // A hidden tab gets no frames, yet its title and icon go on telling the status.
  nextFrame: (action) => {
    if (document.hidden) setTimeout(action, GAP_MS);
    else requestAnimationFrame(action);
  },
  pause: (duration_ms) => new Promise((resolve) => setTimeout(resolve, duration_ms)),
};
