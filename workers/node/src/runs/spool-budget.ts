/** Counts the unacknowledged output of all runs against its limit. */
export class SpoolBudget {
  usedBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(readonly limitBytes: number) {}

  /** Whether no more should be read from any run. */
  get isFull(): boolean {
    return this.usedBytes >= this.limitBytes;
  }

  /** Call `callback` once, when a quarter of the limit has become free. */
  onFree(callback: () => void): void {
    this.#waiting.push(callback);
  }

  /** Count output that was written or freed. */
  change(byBytes: number): void {
    this.usedBytes += byBytes;
    if (this.#waiting.length > 0 && this.usedBytes <= (this.limitBytes * 3) / 4) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const callback of waiting) {
        callback();
      }
    }
  }
}
