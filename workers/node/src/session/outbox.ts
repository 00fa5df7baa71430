// What is sent next on the session's stream, and how much credit there is for it.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Kind } from "../journal/records.js";
import { log, reasonOf } from "../log.js";
import { type RunEvent, RunEventsSchema, RunState, type Up, UpSchema } from "../proto/worker_pb.js";
import type { Attempt } from "../runs/attempt.js";

// Of a message of 256 KiB, what is left for events after the identity of each.
const MESSAGE_BYTES = 244 << 10;
const EVENT_OVERHEAD_BYTES = 160;
const DEFAULT_RUN_CREDIT_BYTES = 1 << 20;
const DEFAULT_SESSION_CREDIT_BYTES = 8 << 20;

/** One of the messages that may go up. */
export type UpMessage = NonNullable<MessageInitShape<typeof UpSchema>["message"]>;

/** Decides what goes into the next message: control first, then events of all runs, fairly, as far as credit allows. */
export class Outbox {
  readonly #waiting = new Set<Attempt>();
  readonly #outOfCredit = new Set<Attempt>();
  readonly #ofSession = new Set<Attempt>();
  #control: Up[] = [];
  #runCreditBytes = DEFAULT_RUN_CREDIT_BYTES;
  #sessionCreditBytes = DEFAULT_SESSION_CREDIT_BYTES;
  #notify: () => void = () => undefined;

  /** Consider this attempt when the next message is made. */
  wake(attempt: Attempt): void {
    if (!this.#ofSession.has(attempt)) {
      attempt.startSession(this.#runCreditBytes);
      this.#ofSession.add(attempt);
    }
    this.#waiting.add(attempt);
    this.#notify();
  }

  /** Send this before any event. */
  post(message: UpMessage): void {
    this.#control.push(create(UpSchema, { message }));
    this.#notify();
  }

  /** Begin again with all that isn't acknowledged, on a new stream; a credit of 0 means the default. */
  startSession(attempts: readonly Attempt[], runCreditBytes: number, sessionCreditBytes: number): void {
    this.#control = [];
    for (const attempts of [this.#waiting, this.#outOfCredit, this.#ofSession]) {
      attempts.clear();
    }
    this.#runCreditBytes = runCreditBytes || DEFAULT_RUN_CREDIT_BYTES;
    this.#sessionCreditBytes = sessionCreditBytes || DEFAULT_SESSION_CREDIT_BYTES;
    for (const attempt of attempts) {
      this.wake(attempt);
    }
  }

  /** The next message to send; waits until there is one. Undefined after `abort` was aborted and `interrupt` called. */
  async nextMessage(abort: AbortSignal): Promise<Up | undefined> {
    while (!abort.aborted) {
      const message = this.#control.shift() ?? this.#events();
      if (message !== undefined) {
        return message;
      }
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
    }
    return undefined;
  }

  /** Have `nextMessage` check its `abort` again. */
  interrupt(): void {
    this.#notify();
  }

  #events(): Up | undefined {
    const events: RunEvent[] = [];
    let room = MESSAGE_BYTES;
    let inFlight = this.#inFlightBytes();
    if (inFlight < this.#sessionCreditBytes) {
      for (const attempt of this.#outOfCredit) {
        this.#waiting.add(attempt);
      }
      this.#outOfCredit.clear();
    }
    for (const attempt of [...this.#waiting]) {
      for (let entry = attempt.nextEntry(); entry !== undefined; entry = attempt.nextEntry()) {
        const size = entry.bodyBytes + EVENT_OVERHEAD_BYTES;
        if (events.length > 0 && size > room) {
          // The others come first next time.
          this.#waiting.delete(attempt);
          this.#waiting.add(attempt);
          return messageOf(events);
        }
        const isOutput = entry.record.kind === Kind.Output || entry.record.kind === Kind.Spooled;
        if (isOutput && inFlight >= this.#sessionCreditBytes) {
          this.#outOfCredit.add(attempt);
          break;
        }
        const before = attempt.inFlightBytes;
        try {
          events.push(attempt.take(entry));
        } catch (error) {
          log.error(`run ${attempt.runId}: an event can't be read back: ${reasonOf(error)}`);
          break;
        }
        inFlight += attempt.inFlightBytes - before;
        room -= size;
      }
      this.#waiting.delete(attempt);
    }
    return events.length > 0 ? messageOf(events) : undefined;
  }

  /** Output of all runs that is sent and not acknowledged; those that were released no longer count. */
  #inFlightBytes(): number {
    let total = 0;
    for (const attempt of this.#ofSession) {
      if (attempt.state === RunState.RELEASED) {
        this.#ofSession.delete(attempt);
      } else {
        total += attempt.inFlightBytes;
      }
    }
    return total;
  }
}

function messageOf(events: RunEvent[]): Up {
  return create(UpSchema, { message: { case: "events", value: create(RunEventsSchema, { events }) } });
}
