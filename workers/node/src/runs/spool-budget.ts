// The limit on output that waits on disk for the server's acknowledgement.

/** Counts the unacknowledged output of all runs of a worker against one limit. */
export class SpoolBudget {
  usedBytes = 0;
  #waiting: (() => void)[] = [];

  constructor(readonly limitBytes: number) {}

  /** Whether no more output should be read from any run. */
  get isFull(): boolean {
    return this.usedBytes >= this.limitBytes;
  }

  /** Call `callback` once, when at least a quarter of the limit is free. */
  onFree(callback: () => void): void {
    this.#waiting.push(callback);
  }

  /** Count output that was written (positive) or freed (negative). */
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
