// The attempts that a worker holds, which converge to the server's desired state.
import { randomBytes } from "node:crypto";
import type { RunHeader } from "../journal/records.js";
import { log } from "../log.js";
import {
  type Ack,
  type Credit,
  type Desired,
  type DesiredRun,
  ExitReason,
  RejectCode,
  type RunSpec,
  RunState,
  StopLevel,
  Want,
} from "../proto/worker_pb.js";
import { Attempt, keyOf } from "../runs/attempt.js";
import type { AttemptStore } from "../runs/attempt-store.js";
import { secondsOf } from "../timing.js";

// Attempts that were released are remembered for a while, in case an old message asks for one again.
const REMEMBERED_RELEASES = 10_000;
const RUN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Starts the work of a new attempt, which may begin only when the `predecessors` are gone. */
export type StartAttempt = (attempt: Attempt, spec: RunSpec, predecessors: readonly Attempt[]) => void;

/** Holds every attempt from its first mention to its release, by run id and attempt number. */
export class AttemptRegistry {
  isDraining = false;
  readonly #attempts = new Map<string, Attempt>();
  readonly #released = new Set<string>();
  #delivered: () => void = () => undefined;
  #seenEpoch = 0n;
  #seenRevision = 0n;

  constructor(
    private readonly store: AttemptStore,
    private readonly start: StartAttempt,
    private readonly wake: (attempt: Attempt) => void,
  ) {}

  /** All that are held, in the order in which they came. */
  get all(): readonly Attempt[] {
    return [...this.#attempts.values()];
  }

  /** Those that have not ended. */
  get atWork(): readonly Attempt[] {
    return this.all.filter((attempt) => !attempt.hasEnded);
  }

  /** Wait until the server has everything that happened in the attempts held. */
  async allDelivered(): Promise<void> {
    while (this.all.some((attempt) => attempt.state < RunState.ALL_ACKED && !attempt.isUnknown)) {
      await new Promise<void>((resolve) => {
        this.#delivered = resolve;
      });
    }
  }

  /** Hold an attempt that an earlier worker process left. */
  takeOver(attempt: Attempt): void {
    this.#attempts.set(attempt.key, attempt);
  }

  /** Converge to what the server wants; repeating it changes nothing, an outdated message is ignored. */
  apply(desired: Desired): void {
    const { epoch, revision } = desired;
    if (epoch < this.#seenEpoch || (epoch === this.#seenEpoch && revision < this.#seenRevision)) {
      return;
    }
    this.#seenEpoch = epoch;
    this.#seenRevision = revision;
    for (const wanted of desired.runs) {
      if (RUN_ID.test(wanted.runId) && wanted.attempt > 0) {
        this.#converge(wanted);
      } else {
        log.error(`ignoring a run whose name makes no sense: '${wanted.runId}' attempt ${wanted.attempt}`);
      }
    }
    if (desired.full) {
      const named = new Set(desired.runs.map(({ runId, attempt }) => keyOf(runId, attempt)));
      for (const attempt of this.all.filter(({ key }) => !named.has(key))) {
        this.#abandonUnknown(attempt);
      }
    }
  }

  /** Release the events of one attempt that the server has, or the attempt itself. */
  acknowledge(ack: Ack): void {
    const attempt = this.#attempts.get(keyOf(ack.runId, ack.attempt));
    if (attempt === undefined) {
      return;
    }
    attempt.acknowledge(ack);
    if (ack.release) {
      this.#release(attempt);
    }
    this.#delivered();
    this.wake(attempt);
  }

  /** Raise how much output of one attempt may be sent. */
  credit(credit: Credit): void {
    const attempt = this.#attempts.get(keyOf(credit.runId, credit.attempt));
    if (attempt !== undefined) {
      // Before the credit is set: the first wake on a stream resets it.
      this.wake(attempt);
      attempt.creditUntil = Math.max(attempt.creditUntil, Number(credit.upToBytes));
    }
  }

  /** Send events of attempts whose journal may be cut short, although the server hasn't said how far it is. */
  stopWaitingForAcks(): void {
    for (const attempt of this.all.filter(({ awaitsAck }) => awaitsAck)) {
      attempt.awaitsAck = false;
      this.wake(attempt);
    }
  }

  /** End everything that runs. */
  stopAll(reason: ExitReason, level: StopLevel): void {
    for (const attempt of this.atWork) {
      attempt.stop.make(reason, level);
    }
  }

  /** To be called when an attempt has ended: one that the server doesn't know is removed. */
  removeIfUnknown(attempt: Attempt): void {
    if (attempt.isUnknown) {
      this.#release(attempt);
      this.#delivered();
    }
  }

  #converge(wanted: DesiredRun): void {
    const key = keyOf(wanted.runId, wanted.attempt);
    const attempt = this.#attempts.get(key);
    if (attempt === undefined) {
      if (wanted.want !== Want.RELEASE && !this.#released.has(key)) {
        this.#startNew(wanted);
      }
      return;
    }
    if (wanted.fence < attempt.fence) {
      return;
    }
    attempt.fence = wanted.fence;
    if (wanted.want === Want.STOP) {
      const grace = wanted.stop?.grace;
      attempt.stop.make(
        ExitReason.CANCEL,
        wanted.stop?.level || StopLevel.INTERRUPT,
        grace && secondsOf(grace),
      );
    } else if (wanted.want === Want.ABANDON) {
      attempt.stop.make(ExitReason.ABANDONED, StopLevel.KILL);
    } else if (wanted.want === Want.RELEASE && attempt.hasEnded) {
      this.#release(attempt);
    }
  }

  /** Hold an attempt that the server names for the first time, and start or reject it. */
  #startNew(wanted: DesiredRun): void {
    const header: RunHeader = {
      runId: wanted.runId,
      attempt: wanted.attempt,
      fence: String(wanted.fence),
      cookie: randomBytes(16).toString("hex"),
      builddir: wanted.spec?.builddir ?? "",
      bootId: this.store.bootId,
      channels: [],
      nextEvent: 1,
      offsets: [],
    };
    const attempt = new Attempt(this.store, header, this.wake);
    this.#attempts.set(attempt.key, attempt);
    if (wanted.want !== Want.RUN) {
      attempt.reject(RejectCode.STOPPED_BEFORE_START, "it was stopped before it was started");
    } else if (this.isDraining) {
      attempt.reject(RejectCode.DRAINING, "this worker takes no new work");
    } else if (wanted.spec === undefined) {
      const message = "this worker doesn't hold the run, and there is no specification";
      attempt.reject(RejectCode.INVALID_SPEC, message);
    } else {
      const predecessors = this.atWork.filter((other) => mustEndFirst(other, attempt));
      this.start(attempt, wanted.spec, predecessors);
    }
  }

  /** End an attempt that the server doesn't know, and remove it as soon as it has ended. */
  #abandonUnknown(attempt: Attempt): void {
    attempt.isUnknown = true;
    if (attempt.hasEnded) {
      this.#release(attempt);
    } else {
      attempt.stop.make(ExitReason.ABANDONED, StopLevel.KILL);
    }
  }

  #release(attempt: Attempt): void {
    if (!attempt.hasEnded || !this.#attempts.delete(attempt.key)) {
      return;
    }
    attempt.remove();
    this.#released.add(attempt.key);
    if (this.#released.size > REMEMBERED_RELEASES) {
      const [oldest = ""] = this.#released;
      this.#released.delete(oldest);
    }
  }
}

/** Whether `other` could still change what `attempt` works on, although the server doesn't wait for it. */
function mustEndFirst(other: Attempt, attempt: Attempt): boolean {
  if (other === attempt) {
    return false;
  }
  return other.runId === attempt.runId || (other.builddir === attempt.builddir && other.stop.isMade);
}
