// One session with the server: handshake, desired state, events and heartbeats on one stream.
import { create } from "@bufbuild/protobuf";
import { type Client, type ClientDuplexStream, type Metadata, status } from "@grpc/grpc-js";
import { log } from "../log.js";
import {
  type Down,
  ErrorCode,
  RunState,
  type Up,
  UpSchema,
  type Welcome,
  Worker as WorkerService,
} from "../proto/worker_pb.js";
import type { AttemptStore } from "../runs/attempt-store.js";
import type { LocalExecutor } from "../runs/local-executor.js";
import { after, monotonicSeconds, secondsOf, sleep } from "../timing.js";
import { openDuplex } from "../transport/rpc.js";
import type { AttemptRegistry } from "./attempt-registry.js";
import { refusal, SessionLostError, SessionRefusedError } from "./errors.js";
import { heartbeatOf } from "./heartbeat.js";
import { helloOf, PROTOCOL_VERSION, type SessionIdentity } from "./hello.js";
import type { Outbox } from "./outbox.js";

const WELCOME_SECONDS = 15;
const DEFAULT_HEARTBEAT_SECONDS = 10;
const SHORTEST_HEARTBEAT_SECONDS = 1;
const LONGEST_HEARTBEAT_SECONDS = 60;
// So that a server that vanished is noticed within 35 s at the usual interval.
const SILENT_HEARTBEATS = 2.5;
const WRITE_SECONDS = 30;
const GOODBYE_SECONDS = 2;
const FIRST_ACK_SECONDS = 3;

type Call = ClientDuplexStream<Up, Down>;

/** What a session works with; all of it outlives the session. */
export interface SessionParts {
  readonly store: AttemptStore;
  readonly executor: LocalExecutor;
  readonly registry: AttemptRegistry;
  readonly outbox: Outbox;
  readonly identity: SessionIdentity;
  readonly onEstablished: (session: Session) => void;
}

/** One stream; `run` resolves when the server drains it or it was said goodbye to, and rejects otherwise. */
export class Session {
  isEstablished = false;
  /** Optional features that the server has; none of the others may be used. */
  serverFeatures: ReadonlySet<string> = new Set();
  /** Where the server asked to connect next; empty for the usual address. */
  reconnectTo = "";
  #heardAt = monotonicSeconds();
  #writingSince: number | undefined;
  #heartbeatSeconds = DEFAULT_HEARTBEAT_SECONDS;
  #goodbye: string | undefined;
  readonly #closing = new AbortController();
  #finish: (error?: Error) => void = () => undefined;
  #written: () => void = () => undefined;

  constructor(private readonly parts: SessionParts) {}

  /**
   * Hold the session until it ends; resolves after a goodbye.
   *
   * @throws SessionRefusedError the server ended it with a reason.
   * @throws SessionLostError the connection failed or broke.
   */
  async run(client: Client, metadata: Metadata): Promise<void> {
    const { store, executor, registry, outbox, identity } = this.parts;
    const call = openDuplex(client, WorkerService.method.session, metadata);
    const ended = new Promise<void>((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    call.on("data", (message: Down) => this.#receive(message, call));
    call.on("status", ({ code, details }) => {
      const text = `the stream ended: ${status[code]}: ${details}`;
      this.#finish(this.#goodbye === undefined ? new SessionLostError(code, text) : undefined);
    });
    // Reported by "status" as well.
    call.on("error", () => undefined);
    const welcomeTimer = after(WELCOME_SECONDS, () => {
      if (!this.isEstablished) {
        this.#lose("the server accepted the connection but doesn't answer");
      }
    });
    const hello = helloOf(store, executor.features, registry, identity);
    call.write(create(UpSchema, { message: { case: "hello", value: hello } }));
    try {
      await ended;
    } finally {
      welcomeTimer.cancel();
      this.#closing.abort();
      outbox.interrupt();
      this.#written();
      call.cancel();
    }
  }

  /** End the session on purpose. */
  sayGoodbye(reason: string): void {
    this.#goodbye = reason;
    this.parts.outbox.post({ case: "goodbye", value: { reason } });
  }

  #receive({ message }: Down, call: Call): void {
    if (this.#closing.signal.aborted) {
      return;
    }
    this.#heardAt = monotonicSeconds();
    try {
      if (this.isEstablished) {
        this.#handle(message);
      } else if (message.case === "welcome") {
        this.#establish(message.value);
        void this.#send(call);
        void this.#keepAlive();
      } else if (message.case === "error") {
        throw new SessionRefusedError(message.value);
      } else {
        throw refusal(ErrorCode.PROTOCOL_VIOLATION, `${message.case ?? "nothing"} instead of a welcome`);
      }
    } catch (error) {
      this.#finish(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Do what the server says. */
  #handle(message: Down["message"]): void {
    const { registry, identity } = this.parts;
    switch (message.case) {
      case "desired":
        if (message.value.epoch >= identity.lastEpoch) {
          registry.apply(message.value);
        }
        break;
      case "progress":
        for (const ack of message.value.acks) {
          registry.acknowledge(ack);
        }
        for (const credit of message.value.credits) {
          registry.credit(credit);
        }
        break;
      case "heartbeatReply":
        identity.ledgerHead.told(message.value.ledgerHead);
        break;
      case "drain":
        // Whatever isn't sent or acknowledged yet is sent on the next stream.
        this.reconnectTo = message.value.reconnectTo;
        this.sayGoodbye("drained");
        break;
      case "error":
        throw new SessionRefusedError(message.value);
    }
  }

  #establish(welcome: Welcome): void {
    const { store, registry, outbox, identity, onEstablished } = this.parts;
    if (welcome.epoch < identity.lastEpoch) {
      const message = `the server is behind: epoch ${welcome.epoch} after ${identity.lastEpoch}`;
      throw refusal(ErrorCode.UNAVAILABLE, message);
    }
    if (welcome.proto !== PROTOCOL_VERSION) {
      const message = `the server chose protocol version ${welcome.proto}, which wasn't offered`;
      throw refusal(ErrorCode.PROTOCOL_VERSION, message, true);
    }
    identity.lastEpoch = welcome.epoch;
    identity.ledgerHead.welcomed(welcome);
    const heartbeatSeconds = secondsOf(welcome.heartbeat) || DEFAULT_HEARTBEAT_SECONDS;
    this.#heartbeatSeconds = Math.min(
      Math.max(heartbeatSeconds, SHORTEST_HEARTBEAT_SECONDS),
      LONGEST_HEARTBEAT_SECONDS,
    );
    this.serverFeatures = new Set(welcome.features);
    store.serverSettings.update(welcome);
    this.isEstablished = true;
    outbox.startSession(
      registry.all.filter(({ state }) => state > RunState.NEW),
      Number(welcome.runCreditBytes),
      Number(welcome.sessionCreditBytes),
    );
    if (identity.drainingReason !== undefined) {
      outbox.post({ case: "drainRequest", value: { reason: identity.drainingReason } });
    }
    void sleep(FIRST_ACK_SECONDS, this.#closing.signal).then(() => registry.stopWaitingForAcks());
    onEstablished(this);
    log.info(`session ${welcome.epoch} with ${welcome.server || "the server"} is established`);
  }

  async #send(call: Call): Promise<void> {
    for (;;) {
      const message = await this.parts.outbox.nextMessage(this.#closing.signal);
      if (message === undefined) {
        return;
      }
      this.#writingSince = monotonicSeconds();
      await new Promise<void>((resolve) => {
        this.#written = resolve;
        call.write(message, () => resolve());
      });
      this.#writingSince = undefined;
      if (message.message.case === "goodbye") {
        call.end();
        // The server ends the stream; if it doesn't, this side does.
        await sleep(GOODBYE_SECONDS, this.#closing.signal);
        this.#finish();
        return;
      }
    }
  }

  /** Send heartbeats, and notice when the server is gone. */
  async #keepAlive(): Promise<void> {
    const { store, executor, registry, outbox } = this.parts;
    for (let number = 1; ; number += 1) {
      await sleep(this.#heartbeatSeconds / 2, this.#closing.signal);
      if (this.#closing.signal.aborted) {
        return;
      }
      const now = monotonicSeconds();
      const silence = now - this.#heardAt;
      if (silence > this.#heartbeatSeconds * SILENT_HEARTBEATS) {
        this.#lose(`nothing was heard from the server for ${silence.toFixed(0)} s`);
      }
      if (this.#writingSince !== undefined && now - this.#writingSince > WRITE_SECONDS) {
        this.#lose(`the server has taken nothing for ${WRITE_SECONDS} s`);
      }
      if (number % 2 === 1) {
        const { usedBytes } = store.spoolBudget;
        const value = heartbeatOf((number + 1) / 2, executor.heartbeatStats(), registry, usedBytes);
        outbox.post({ case: "heartbeat", value });
      }
    }
  }

  /** End the session because the server is gone. */
  #lose(message: string): void {
    this.#finish(new SessionLostError(status.DEADLINE_EXCEEDED, message));
  }
}
