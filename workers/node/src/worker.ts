// Connects the parts of a worker: credential, session, attempts and their runner.

import { BlobStore } from "./files/transfers/blob-store.js";
import { UnusedDirectories } from "./files/unused-directories.js";
import { log, reasonOf } from "./log.js";
import { ExitReason, StopLevel } from "./proto/worker_pb.js";
import type { Attempt } from "./runs/attempt.js";
import { AttemptStore } from "./runs/attempt-store.js";
import { LocalExecutor } from "./runs/local-executor.js";
import { recover } from "./runs/recovery.js";
import { Runner } from "./runs/runner.js";
import { AttemptRegistry } from "./session/attempt-registry.js";
import { storeEpoch } from "./session/epoch.js";
import { SessionLostError, SessionRefusedError } from "./session/errors.js";
import { newIdentity, type SessionIdentity } from "./session/hello.js";
import { Outbox } from "./session/outbox.js";
import { Session, type SessionParts } from "./session/session.js";
import type { WorkerSettings } from "./settings.js";
import { after, Latch, settlesWithin, sleep, type Timer } from "./timing.js";
import { Backoff } from "./transport/backoff.js";
import type { StoredCredential } from "./transport/credential.js";
import { CredentialProvider } from "./transport/credential-provider.js";
import { callMetadata, connect } from "./transport/transport.js";

const GOODBYE_SECONDS = 3;
const DELIVERY_SECONDS = 10; // At shutdown: how long to go on delivering events after the runs have ended.

/** Holds runs and sessions; one per process and state directory. */
export class Worker {
  readonly #outbox = new Outbox();
  readonly #credentials: CredentialProvider;
  readonly #store: AttemptStore;
  readonly #registry: AttemptRegistry;
  readonly #runner: Runner;
  readonly #blobs: BlobStore;
  readonly #directories: UnusedDirectories;
  readonly #identity: SessionIdentity;
  readonly #sessionParts: SessionParts;
  readonly #closing = new AbortController();
  /** Set when it has done all it can before it ends. */
  readonly #done = new Latch();
  #session: { readonly session: Session; readonly ended: Latch } | undefined;
  #orphanTimer: Timer | undefined;
  #isShuttingDown = false;

  /**
   * @throws CredentialUnreadableError the stored credential is damaged.
   * @throws SupervisorUnusableError what was given as the supervisor isn't one.
   */
  constructor(private readonly settings: WorkerSettings) {
    this.#credentials = new CredentialProvider(settings, (credential) => this.#use(credential));
    this.#blobs = new BlobStore((credential) => connect(settings, settings.server, credential));
    const executor = new LocalExecutor(settings, this.#blobs);
    this.#store = new AttemptStore(settings);
    this.#runner = new Runner(this.#store, executor);
    this.#directories = new UnusedDirectories(settings);
    this.#registry = new AttemptRegistry(
      this.#store,
      (attempt, spec, predecessors) => {
        this.#directories.note(attempt.builddir);
        void this.#perform(attempt, () => this.#runner.run(attempt, spec, predecessors));
      },
      this.#wake,
    );
    this.#identity = newIdentity(settings.stateDirectory);
    this.#sessionParts = {
      store: this.#store,
      executor,
      registry: this.#registry,
      outbox: this.#outbox,
      identity: this.#identity,
      onEstablished: (session) => this.#established(session),
    };
  }

  /**
   * Serve until `shutDown` or `drain` is through.
   *
   * @throws PlainTransportRefusedError the settings would send secrets in clear.
   * @throws EnrollmentRefusedError the token isn't taken.
   */
  async run(): Promise<void> {
    this.#credentials.checkTransport();
    for (const attempt of await recover(this.#store, this.#wake)) {
      this.#registry.takeOver(attempt);
      if (!attempt.hasEnded) {
        void this.#perform(attempt, () => this.#runner.resume(attempt));
        // The server may not be there any more either.
        this.#startOrphanTimer(attempt.supervision?.orphanSeconds ?? 0);
      }
    }
    const { signal } = this.#closing;
    void this.#directories.keepRemoving(() => this.#registry.atWork, signal);
    try {
      await Promise.race([this.#credentials.ensureEnrolled(signal), this.#done.wait()]);
      if (!this.#done.isSet) {
        void this.#runSessions();
        void this.#credentials.keepRenewed(signal);
      }
      await this.#done.wait();
    } finally {
      this.#closing.abort();
      this.#orphanTimer?.cancel();
      this.#blobs.close();
      for (const attempt of this.#registry.all) {
        attempt.journal.close();
      }
      this.#store.groupFsync.close();
    }
  }

  /** Take no new work, finish what there is, then leave. */
  drain(reason: string): void {
    if (this.#identity.drainingReason === undefined) {
      log.info(`draining: ${reason}`);
      this.#announceEnd(reason);
      void this.#end();
    }
  }

  /** End all runs by their stop policy, deliver what came of them, then leave; called again, end them by force. */
  shutDown(reason: string): void {
    log.info(`shutting down: ${reason}`);
    const level = this.#isShuttingDown ? StopLevel.KILL : StopLevel.INTERRUPT;
    const isEnding = this.#identity.drainingReason !== undefined;
    this.#isShuttingDown = true;
    this.#announceEnd(reason);
    this.#registry.stopAll(ExitReason.WORKER_SHUTDOWN, level);
    if (!isEnding) {
      void this.#end();
    }
  }

  #announceEnd(reason: string): void {
    this.#identity.drainingReason = reason;
    this.#registry.isDraining = true;
    this.#outbox.post({ case: "drainRequest", value: { reason } });
  }

  /** Wait for the runs, deliver their last events if a server is connected, and have `run` return. */
  async #end(): Promise<void> {
    await Promise.all(this.#registry.all.map((attempt) => attempt.gone.wait()));
    const current = this.#session;
    if (current?.session.isEstablished && !current.ended.isSet) {
      await settlesWithin(this.#registry.allDelivered(), DELIVERY_SECONDS);
      current.session.sayGoodbye(this.#identity.drainingReason ?? "");
      await settlesWithin(current.ended.wait(), GOODBYE_SECONDS);
    }
    this.#done.set();
  }

  async #perform(attempt: Attempt, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // A fault of this program must end one run, not the worker with all its runs.
      log.error(
        `run ${attempt.runId} failed inside the worker: ${error instanceof Error ? error.stack : error}`,
      );
      attempt.fail(`the worker failed: ${reasonOf(error)}`);
    }
    this.#registry.removeIfUnknown(attempt);
  }

  readonly #wake = (attempt: Attempt): void => this.#outbox.wake(attempt);

  /** Connect again and again; every session is followed by a delay. */
  async #runSessions(): Promise<void> {
    const backoff = new Backoff();
    let address = this.settings.server;
    while (!this.#closing.signal.aborted) {
      const session = new Session(this.#sessionParts);
      const ended = new Latch();
      this.#session = { session, ended };
      const delay = await this.#runSession(session, address, backoff);
      ended.set();
      if (session.isEstablished) {
        this.#startOrphanTimer(this.#store.serverSettings.orphanSeconds);
      }
      address = session.reconnectTo || this.settings.server;
      await sleep(delay, this.#closing.signal);
    }
  }

  /** Hold one session to its end and resolve with how long to wait before the next. */
  async #runSession(session: Session, address: string, backoff: Backoff): Promise<number> {
    const usualDelay = (): number => {
      if (session.isEstablished) {
        backoff.succeeded();
      }
      return backoff.nextDelay();
    };
    try {
      const client = connect(this.settings, address, this.#credentials.current);
      try {
        await session.run(client, callMetadata(this.#credentials.current));
      } finally {
        client.close();
      }
    } catch (error) {
      if (error instanceof SessionRefusedError) {
        log.warning(`the server refuses: ${error.message}`);
        return Math.max(error.retryAfterSeconds, error.isFatal ? backoff.slowestDelay() : usualDelay());
      }
      if (error instanceof SessionLostError && error.isRefusal) {
        log.error(`the server won't have this worker: ${error.message}`);
        return backoff.slowestDelay();
      }
      if (this.#credentials.hasExpired) {
        log.error("the credential has expired: stop this worker and start it with a new enrollment token");
        return backoff.slowestDelay();
      }
      log.warning(`connection to ${address}: ${this.#credentials.explained(reasonOf(error))}`);
    }
    return usualDelay();
  }

  /** Use this credential from the next call on. */
  #use(credential: StoredCredential | undefined): void {
    this.#blobs.credential = credential;
    this.#identity.workerId = credential?.workerId ?? "";
  }

  /** Note what the server offers, and its epoch. */
  #established(session: Session): void {
    this.#credentials.mayRotate = session.serverFeatures.has("rotate");
    this.#blobs.isOffered = session.serverFeatures.has("blobs");
    this.#orphanTimer?.cancel();
    this.#orphanTimer = undefined;
    try {
      storeEpoch(this.settings.stateDirectory, this.#identity.lastEpoch);
    } catch (error) {
      log.error(`the epoch can't be stored: ${reasonOf(error)}`);
    }
  }

  /** End all runs when no server is connected for so long: nobody may be waiting for them any more. 0: never. */
  #startOrphanTimer(limitSeconds: number): void {
    if (limitSeconds > 0) {
      this.#orphanTimer ??= after(limitSeconds, () =>
        this.#registry.stopAll(ExitReason.ORPHANED, StopLevel.INTERRUPT),
      );
    }
  }
}
