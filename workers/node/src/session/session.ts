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
import type { Workshop } from "../runs/attempt-store.js";
import { after, monotonicSeconds, secondsOf, sleep } from "../timing.js";
import { openDuplex } from "../transport/rpc.js";
import type { AttemptRegistry } from "./attempt-registry.js";
import { refusal, SessionLostError, SessionRefusedError } from "./errors.js";
import { heartbeatOf, helloOf, PROTOCOL_VERSION, type SessionIdentity } from "./hello.js";
import type { Outbox } from "./outbox.js";

const WELCOME_SECONDS = 15;
const DEFAULT_HEARTBEAT_SECONDS = 10;
// So that a peer that is gone without a word is noticed within 35 s at the usual interval.
const SILENT_HEARTBEATS = 2.5;
const WRITE_SECONDS = 30;
const GOODBYE_SECONDS = 2;
const FIRST_ACK_SECONDS = 3;
const LEAST_CHUNK_BYTES = 4 << 10;
const MOST_CHUNK_BYTES = 240 << 10;
const DEFAULT_CHUNK_BYTES = 64 << 10;
const DEFAULT_FLUSH_SECONDS = 0.1;
const MOST_FLUSH_SECONDS = 5;

type Call = ClientDuplexStream<Up, Down>;

/** One stream: who we are, what the server wants, what happened, and whether it is still there. */
export class Session {
  isEstablished = false;
  /** How long runs may go on without a session; 0: for ever. */
  orphanSeconds = 0;
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

  constructor(
    private readonly workshop: Workshop,
    private readonly holdings: AttemptRegistry,
    private readonly outbox: Outbox,
    private readonly standing: SessionIdentity,
    private readonly onEstablished: (session: Session) => void,
  ) {}

  /**
   * Hold the session until it ends; resolves after a goodbye.
   *
   * @throws SessionRefusedError the server said why.
   * @throws SessionLostError the connection failed or broke.
   */
  async run(client: Client, metadata: Metadata): Promise<void> {
    const call = openDuplex(client, WorkerService.method.session, metadata);
    const ended = new Promise<void>((resolve, reject) => {
      this.#finish = (error) => (error === undefined ? resolve() : reject(error));
    });
    call.on("data", (message: Down) => this.#receive(message, call));
    call.on("status", ({ code, details }) => {
      const text = `the stream ended: ${status[code]}: ${details}`;
      this.#finish(this.#goodbye === undefined ? new SessionLostError(code, text) : undefined);
    });
    // Said by "status" as well.
    call.on("error", () => undefined);
    const welcomeTimer = after(WELCOME_SECONDS, () => {
      if (!this.isEstablished) {
        const message = "the server accepted the connection but doesn't answer";
        this.#finish(new SessionLostError(status.DEADLINE_EXCEEDED, message));
      }
    });
    call.write(
      create(UpSchema, {
        message: { case: "hello", value: helloOf(this.workshop, this.holdings, this.standing) },
      }),
    );
    try {
      await ended;
    } finally {
      welcomeTimer.cancel();
      this.#closing.abort();
      this.outbox.interrupt();
      this.#written();
      call.cancel();
    }
  }

  /** End the session on purpose. */
  sayGoodbye(reason: string): void {
    this.#goodbye = reason;
    this.outbox.post({ case: "goodbye", value: { reason } });
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

  #handle(message: Down["message"]): void {
    switch (message.case) {
      case "desired":
        if (message.value.epoch >= this.standing.lastEpoch) {
          this.holdings.apply(message.value);
        }
        break;
      case "progress":
        for (const ack of message.value.acks) {
          this.holdings.acknowledge(ack);
        }
        for (const credit of message.value.credits) {
          this.holdings.credit(credit);
        }
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
    const { lastEpoch } = this.standing;
    if (welcome.epoch < lastEpoch) {
      throw refusal(ErrorCode.UNAVAILABLE, `the server is behind: epoch ${welcome.epoch} after ${lastEpoch}`);
    }
    if (welcome.proto !== PROTOCOL_VERSION) {
      const message = `the server chose protocol version ${welcome.proto}, which wasn't offered`;
      throw refusal(ErrorCode.PROTOCOL_VERSION, message, true);
    }
    this.standing.lastEpoch = welcome.epoch;
    this.#heartbeatSeconds = clamp(secondsOf(welcome.heartbeat) || DEFAULT_HEARTBEAT_SECONDS, 1, 60);
    this.orphanSeconds = secondsOf(welcome.orphanTtl);
    this.serverFeatures = new Set(welcome.features);
    const { batching } = this.workshop;
    batching.chunkBytes = clamp(
      welcome.chunkBytes || DEFAULT_CHUNK_BYTES,
      LEAST_CHUNK_BYTES,
      MOST_CHUNK_BYTES,
    );
    batching.flushSeconds =
      welcome.flush === undefined
        ? DEFAULT_FLUSH_SECONDS
        : Math.min(secondsOf(welcome.flush), MOST_FLUSH_SECONDS);
    this.isEstablished = true;
    this.outbox.startSession(
      this.holdings.all.filter(({ state }) => state > RunState.NEW),
      Number(welcome.runCreditBytes),
      Number(welcome.sessionCreditBytes),
    );
    if (this.standing.drainingReason !== undefined) {
      this.outbox.post({ case: "drainRequest", value: { reason: this.standing.drainingReason } });
    }
    void sleep(FIRST_ACK_SECONDS, this.#closing.signal).then(() => this.holdings.stopWaitingForAcks());
    this.onEstablished(this);
    log.info(`session ${welcome.epoch} with ${welcome.server || "the server"} is established`);
  }

  async #send(call: Call): Promise<void> {
    for (;;) {
      const message = await this.outbox.nextMessage(this.#closing.signal);
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
        // The server ends the stream; if it doesn't, so be it.
        await sleep(GOODBYE_SECONDS, this.#closing.signal);
        this.#finish();
        return;
      }
    }
  }

  /** Send heartbeats, and notice when the server is gone. */
  async #keepAlive(): Promise<void> {
    for (let number = 1; ; number += 1) {
      await sleep(this.#heartbeatSeconds / 2, this.#closing.signal);
      if (this.#closing.signal.aborted) {
        return;
      }
      const now = monotonicSeconds();
      const silence = now - this.#heardAt;
      if (silence > this.#heartbeatSeconds * SILENT_HEARTBEATS) {
        const message = `nothing was heard from the server for ${silence.toFixed(0)} s`;
        this.#finish(new SessionLostError(status.DEADLINE_EXCEEDED, message));
      }
      if (this.#writingSince !== undefined && now - this.#writingSince > WRITE_SECONDS) {
        const message = `the server has taken nothing for ${WRITE_SECONDS} s`;
        this.#finish(new SessionLostError(status.DEADLINE_EXCEEDED, message));
      }
      if (number % 2 === 1) {
        const value = heartbeatOf((number + 1) / 2, this.workshop, this.holdings);
        this.outbox.post({ case: "heartbeat", value });
      }
    }
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
