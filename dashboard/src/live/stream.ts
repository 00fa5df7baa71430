/**
 * The ledger's tail, kept up for as long as the app lives.
 *
 * A position is given on once, and in order: after any interruption the stream asks for what follows the last position it
 * gave, so a server that was killed and started again costs nothing. `EventSource` resumes by itself when the connection
 * breaks, but gives up for good on an answer that isn't a stream (a proxy's 502 during a restart); then a new one is opened here.
 */

export type LedgerEvent = { readonly position: number; readonly name: string; readonly data: unknown };

export type StreamState = "connecting" | "live" | "waiting" | "stopped";

/** What is used of `EventSource`; tests put their own in its place. */
export type Source = {
  readonly readyState: number;
  onopen: ((event: Event) => void) | null;
  onerror: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent<string>) => void) | null;
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
};

export type Listener = {
  /** Called for each new position, in order. */
  onEvent(event: LedgerEvent): void;
  onState(state: StreamState, position: number): void;
};

export type Surroundings = {
  open(address: string): Source;
  later(action: () => void, delay_ms: number): () => void;
};

const CLOSED = 2;
export const RETRY_FIRST_MS = 500;
export const RETRY_MAX_MS = 15_000;

export class LedgerStream {
  private source: Source | undefined;
  private cancelRetry: (() => void) | undefined;
  private failures = 0;
  private state: StreamState = "stopped";

  constructor(
    private readonly address: string,
    /** The last position the reader already knows; the first event asked for is the one after it. */
    private position: number,
    private readonly listener: Listener,
    private readonly surroundings: Surroundings = browser,
  ) {}

  start(): void {
    if (this.state === "stopped") this.connect();
  }

  stop(): void {
    this.drop();
    this.become("stopped");
  }

  /** Tries at once instead of waiting: the network came back, or the tab was woken. */
  wake(): void {
    if (this.state !== "waiting") return;
    this.failures = 0;
    this.connect();
  }

  private connect(): void {
    this.drop();
    this.become("connecting");
    const source = this.surroundings.open(`${this.address}?after=${this.position}`);
    this.source = source;
    source.onopen = () => {
      this.failures = 0;
      this.become("live");
    };
    source.onmessage = (event) => this.receive(event, "message");
    source.addEventListener("fact", (event) => this.receive(event, "fact"));
    source.onerror = () => this.fail(source);
  }

  private fail(source: Source): void {
    if (source !== this.source) return;
    if (source.readyState !== CLOSED) {
      this.become("connecting");
      return;
    }
    this.drop();
    this.become("waiting");
    const delay_ms = Math.min(RETRY_FIRST_MS * 2 ** this.failures, RETRY_MAX_MS);
    this.failures += 1;
    this.cancelRetry = this.surroundings.later(() => this.connect(), delay_ms);
  }

  private receive(event: MessageEvent<string>, name: string): void {
    const position = Number(event.lastEventId);
    if (!Number.isSafeInteger(position) || position <= this.position) return;
    this.position = position;
    this.listener.onEvent({ position, name, data: JSON.parse(event.data) });
    this.become("live");
  }

  private drop(): void {
    this.cancelRetry?.();
    this.cancelRetry = undefined;
    this.source?.close();
    this.source = undefined;
  }

  private become(state: StreamState): void {
    this.state = state;
    this.listener.onState(state, this.position);
  }
}

const browser: Surroundings = {
  open: (address) => new EventSource(address, { withCredentials: true }),
  later: (action, delay_ms) => {
    const timer = setTimeout(action, delay_ms);
    return () => clearTimeout(timer);
  },
};
