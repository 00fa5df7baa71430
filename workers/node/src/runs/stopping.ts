// A request to end a run, which can only become more urgent.
import { ExitReason, StopLevel } from "../proto/worker_pb.js";
import { after } from "../timing.js";

/** Why and how hard a run is to be ended: the first reason stands, the highest level counts. */
export class StopRequest {
  reason = ExitReason.UNSPECIFIED;
  level = StopLevel.UNSPECIFIED;
  /** Replaces the grace of the stop policy. */
  graceSeconds: number | undefined;
  #hasChanged = false;
  readonly #listeners = new Set<() => void>();

  /** Whether the run is to be ended. */
  get isMade(): boolean {
    return this.reason !== ExitReason.UNSPECIFIED;
  }

  /** Ask for the end; repeating a request changes nothing. */
  make(reason: ExitReason, level: StopLevel, graceSeconds?: number): void {
    if (!this.isMade) {
      this.reason = reason;
    } else if (level <= this.level) {
      return;
    }
    this.level = Math.max(this.level, level);
    this.graceSeconds = graceSeconds;
    this.#hasChanged = true;
    for (const listener of [...this.#listeners]) {
      listener();
    }
  }

  /** Record that a supervisor has stopped the run by itself; nobody is notified. */
  noteMade(reason: ExitReason, level: StopLevel): void {
    if (!this.isMade) {
      this.reason = reason;
    }
    this.level = Math.max(this.level, level);
  }

  /**
   * Resolves with true when it is made, or made more urgent, since the last time this resolved so; with false when
   * `graceSeconds` have passed or `abort` is aborted.
   */
  changed(abort: AbortSignal, graceSeconds?: number): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer?.cancel();
        this.#listeners.delete(end);
        abort.removeEventListener("abort", end);
        const hasChanged = this.#hasChanged && !abort.aborted;
        if (hasChanged) {
          this.#hasChanged = false;
        }
        resolve(hasChanged);
      };
      const timer = graceSeconds === undefined ? undefined : after(graceSeconds, end);
      if (this.#hasChanged || abort.aborted) {
        end();
        return;
      }
      this.#listeners.add(end);
      abort.addEventListener("abort", end);
    });
  }

  /** Call `listener` whenever it is made or made more urgent, at once if it is made; returns how to stop that. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    if (this.isMade) {
      listener();
    }
    return () => this.#listeners.delete(listener);
  }
}
