/**
 * Turns many facts into few refetches. Facts name *topics* (`home`, `build:…`); queries say which topics they show.
 *
 * All facts of one animation frame are handled together. A topic is refetched at once when it has been quiet, and not again
 * before the refetch has ended and `REFETCH_INTERVAL_MS` have passed; a topic marked stale meanwhile is refetched after that,
 * so the last fact is always shown.
 */

const REFETCH_INTERVAL_MS = 200;

type SchedulerTimers = {
  /** Runs the action before the next frame is painted. */
  nextFrame(action: () => void): void;
  pause(duration_ms: number): Promise<void>;
};

export class RefetchScheduler {
  private readonly staleTopics = new Set<string>();
  private readonly refetchingTopics = new Set<string>();
  private isScheduled = false;

  constructor(
    private readonly refetch: (topic: string) => Promise<unknown>,
    private readonly timers: SchedulerTimers = browserTimers,
  ) {}

  markStale(topics: Iterable<string>): void {
    for (const topic of topics) this.staleTopics.add(topic);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled || ![...this.staleTopics].some((topic) => !this.refetchingTopics.has(topic))) return;
    this.isScheduled = true;
    this.timers.nextFrame(() => {
      this.isScheduled = false;
      this.flush();
    });
  }

  private flush(): void {
    for (const topic of [...this.staleTopics]) {
      if (this.refetchingTopics.has(topic)) continue;
      this.staleTopics.delete(topic);
      this.refetchingTopics.add(topic);
      void Promise.allSettled([this.refetch(topic), this.timers.pause(REFETCH_INTERVAL_MS)]).then(() => {
        this.refetchingTopics.delete(topic);
        this.schedule();
      });
    }
  }
}

const browserTimers: SchedulerTimers = {
  // A hidden tab gets no animation frames, yet its title and icon still show the status.
  nextFrame: (action) => {
    if (document.hidden) setTimeout(action, REFETCH_INTERVAL_MS);
    else requestAnimationFrame(action);
  },
  pause: (duration_ms) => new Promise((resolve) => setTimeout(resolve, duration_ms)),
};
