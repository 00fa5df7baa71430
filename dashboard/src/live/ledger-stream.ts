/**
 * The ledger's tail as a stream of events that survives interruptions.
 *
 * Each position is delivered once and in order: after an interruption the stream asks for what follows the last position it
 * delivered. `EventSource` reconnects by itself when the connection breaks, but gives up for good on a response that isn't a
 * stream (a proxy's 502 during a restart); then a new one is opened here.
 */

export type LedgerEvent = {
  readonly position: number;
  /** The fact's stored name: `build.finished.v1`. */
  readonly name: string;
  /** The whole fact as the API shows it. */
  readonly fact: unknown;
};

export type StreamState = "connecting" | "live" | "retrying" | "stopped";

/** The part of `EventSource` that the stream uses; tests replace it. */
export type EventSourceLike = {
  readonly readyState: number;
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
};

export type StreamListener = {
  /** Called for each new position, in order. */
  onEvent(event: LedgerEvent): void;
  onState(state: StreamState, position: number): void;
};

type StreamEnvironment = {
  open(url: string): EventSourceLike;
  startTimer(action: () => void, delay_ms: number): () => void;
};

const CLOSED = 2;
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 15_000;

export class LedgerStream {
  private source: EventSourceLike | undefined;
  private cancelRetry: (() => void) | undefined;
  private failures = 0;
  private state: StreamState = "stopped";

  constructor(
    private readonly url: string,
    /** The last position already known; events after it are requested. */
    private position: number,
    private readonly listener: StreamListener,
    private readonly environment: StreamEnvironment = browserEnvironment,
  ) {}

  start(): void {
    if (this.state === "stopped") this.connect();
  }

  stop(): void {
    this.disconnect();
    this.setState("stopped");
  }

  /** Reconnects at once when waiting for a retry: the network came back, or the tab became visible. */
  retryNow(): void {
    if (this.state !== "retrying") return;
    this.failures = 0;
    this.connect();
  }

  private connect(): void {
    this.disconnect();
    this.setState("connecting");
    const source = this.environment.open(`${this.url}?after=${this.position}`);
    this.source = source;
    source.onopen = () => {
      this.failures = 0;
      this.setState("live");
    };
    source.addEventListener("fact", (event) =>
      this.advance(event, (position) => this.deliver(position, event.data)),
    );
    // The server skipped facts that this stream doesn't carry; a new connection needn't pass them again.
    source.addEventListener("position", (event) => this.advance(event));
    source.onerror = () => this.onSourceError(source);
  }

  private onSourceError(source: EventSourceLike): void {
    if (source !== this.source) return;
    if (source.readyState !== CLOSED) {
      this.setState("connecting");
      return;
    }
    this.disconnect();
    this.setState("retrying");
    const delay_ms = Math.min(RETRY_FIRST_MS * 2 ** this.failures, RETRY_MAX_MS);
    this.failures += 1;
    this.cancelRetry = this.environment.startTimer(() => this.connect(), delay_ms);
  }

  /** Ignores a position that was reached before, as after a reconnection. */
  private advance({ lastEventId }: MessageEvent<string>, action?: (position: number) => void): void {
    const position = Number(lastEventId);
    if (!Number.isSafeInteger(position) || position <= this.position) return;
    this.position = position;
    action?.(position);
    this.setState("live");
  }

  private deliver(position: number, data: string): void {
    const fact = JSON.parse(data) as { name?: unknown };
    this.listener.onEvent({ position, name: String(fact.name ?? ""), fact });
  }

  private disconnect(): void {
    this.cancelRetry?.();
    this.cancelRetry = undefined;
    this.source?.close();
    this.source = undefined;
  }

  private setState(state: StreamState): void {
    this.state = state;
    this.listener.onState(state, this.position);
  }
}

const browserEnvironment: StreamEnvironment = {
  open: (url) => new EventSource(url, { withCredentials: true }),
  startTimer: (action, delay_ms) => {
    const timer = setTimeout(action, delay_ms);
    return () => clearTimeout(timer);
  },
};
