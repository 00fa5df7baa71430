import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { status } from "@grpc/grpc-js";
import { BlobStore } from "./files/transfers/blob-store.js";
import { log, reasonOf } from "./log.js";
import { ExitReason, StopLevel } from "./proto/worker_pb.js";
import type { Attempt } from "./runs/attempt.js";
import { Workshop } from "./runs/attempt-store.js";
import { recover } from "./runs/recovery.js";
import { resume, run } from "./runs/runner.js";
import { AttemptRegistry } from "./session/attempt-registry.js";
import { SessionLostError, SessionRefusedError } from "./session/errors.js";
import type { SessionIdentity } from "./session/hello.js";
import { Outbox } from "./session/outbox.js";
import { Session } from "./session/session.js";
import type { WorkerSettings } from "./settings.js";
import { after, Latch, settlesWithin, sleep, type Timer } from "./timing.js";
import { Backoff } from "./transport/backoff.js";
import { hasExpired, loadCredential, type StoredCredential } from "./transport/credential.js";
import { enroll, isServiceError, rotate, trustedBy } from "./transport/enrollment.js";
import { checkTransport, isSecured } from "./transport/security.js";
import { callMetadata, connect } from "./transport/transport.js";

const GOODBYE_SECONDS = 3;
// At shutdown: how long to go on delivering events after the runs have ended.
const DELIVERY_SECONDS = 10;
const ROTATION_RETRY_SECONDS = { shortest: 0.25, longest: 60 };
const LONGEST_SLEEP_SECONDS = 3600;
/** How gRPC puts it that somebody took the connection and ended it. */
const CUT = "Last error: Failed to connect";
/** What gRPC adds where it has nothing to add. */
const EMPTY_NOTE = /\.? Resolution note: $/;

// The server can be reached and won't have this worker: only a person can change that.
const UNWELCOME = new Set([status.UNAUTHENTICATED, status.PERMISSION_DENIED, status.UNIMPLEMENTED]);

/** Ties together what a worker consists of; one per process and state directory. */
export class Worker {
  readonly #outbox = new Outbox();
  readonly #workshop: Workshop;
  readonly #holdings: AttemptRegistry;
  readonly #blobs: BlobStore;
  readonly #standing: SessionIdentity;
  readonly #closing = new AbortController();
  readonly #done = new Latch();
  #credential: StoredCredential | undefined;
  #session: { readonly session: Session; readonly ended: Latch } | undefined;
  #mayRotate = false;
  #orphanTimer: Timer | undefined;
  #isShuttingDown = false;

  /** @throws CredentialUnreadableError the stored credential is damaged. */
  constructor(private readonly settings: WorkerSettings) {
    this.#credential = loadCredential(settings.stateDirectory);
    this.#workshop = new Workshop(settings, (attempt) => this.#outbox.wake(attempt));
    this.#holdings = new AttemptRegistry(this.#workshop, (attempt, spec, before) => {
      void this.#perform(attempt, () => run(attempt, spec, before, this.#blobs));
    });
    this.#blobs = new BlobStore((credential) => connect(settings, settings.server, credential));
    this.#standing = {
      instanceId: randomUUID(),
      workerId: "",
      lastEpoch: readEpoch(this.#epochFile),
      drainingReason: undefined,
    };
  }

  /**
   * Serve until `shutDown` or `drain` is through.
   *
   * @throws PlainTransportRefusedError the settings would send secrets in clear.
   * @throws EnrollmentRefusedError the token isn't taken.
   */
  async run(): Promise<void> {
    const trusted = `${this.#credential?.trustedCaPem ?? ""}${trustedBy(this.settings)}`;
    checkTransport(this.settings, this.settings.server, trusted);
    for (const attempt of await recover(this.#workshop)) {
      this.#holdings.takeOver(attempt);
      if (!attempt.hasEnded) {
        void this.#perform(attempt, () => resume(attempt, this.#blobs));
        // The server may not be there any more either.
        this.#startOrphanTimer(attempt.supervision?.orphanSeconds ?? 0);
      }
    }
    try {
      await Promise.race([this.#ensureCredential(), this.#done.wait()]);
      if (!this.#done.isSet) {
        void this.#runSessions();
        void this.#keepCredential();
      }
      await this.#done.wait();
    } finally {
      this.#closing.abort();
      this.#orphanTimer?.cancel();
      this.#blobs.reconnect();
      for (const attempt of this.#holdings.all) {
        attempt.journal.close();
      }
      this.#workshop.syncer.close();
    }
  }

  /** Take no new work, finish what there is, then leave. */
  drain(reason: string): void {
    if (this.#standing.drainingReason === undefined) {
      log.info(`draining: ${reason}`);
      this.#announceEnd(reason);
      void this.#end();
    }
  }

  /** End all runs by their stop policy, deliver what came of them, then leave; called again, end them by force. */
  shutDown(reason: string): void {
    log.info(`shutting down: ${reason}`);
    const level = this.#isShuttingDown ? StopLevel.KILL : StopLevel.INTERRUPT;
    const isEnding = this.#standing.drainingReason !== undefined;
    this.#isShuttingDown = true;
    this.#announceEnd(reason);
    this.#holdings.stopAll(ExitReason.WORKER_SHUTDOWN, level);
    if (!isEnding) {
      void this.#end();
    }
  }

  #announceEnd(reason: string): void {
    this.#standing.drainingReason = reason;
    this.#holdings.isDraining = true;
    this.#outbox.post({ case: "drainRequest", value: { reason } });
  }

  /** Wait for the runs, deliver their last events if somebody listens, and leave. */
  async #end(): Promise<void> {
    await Promise.all(this.#holdings.all.map((attempt) => attempt.gone.wait()));
    const current = this.#session;
    if (current?.session.isEstablished && !current.ended.isSet) {
      await settlesWithin(this.#holdings.allDelivered(), DELIVERY_SECONDS);
      current.session.sayGoodbye(this.#standing.drainingReason ?? "");
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
    this.#holdings.removeIfUnknown(attempt);
  }

  /** Connect again and again; every failure ends in a delay. */
  async #runSessions(): Promise<void> {
    const backoff = new Backoff();
    let address = this.settings.server;
    while (!this.#closing.signal.aborted) {
      const established = (each: Session): void => this.#established(each);
      const session = new Session(this.#workshop, this.#holdings, this.#outbox, this.#standing, established);
      const ended = new Latch();
      this.#session = { session, ended };
      const delay = await this.#runSession(session, address, backoff);
      ended.set();
      if (session.isEstablished) {
        this.#startOrphanTimer(session.orphanSeconds);
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
      const client = connect(this.settings, address, this.#credential);
      try {
        await session.run(client, callMetadata(this.#credential));
      } finally {
        client.close();
      }
    } catch (error) {
      if (error instanceof SessionRefusedError) {
        log.warning(`the server refuses: ${error.message}`);
        return Math.max(error.retryAfterSeconds, error.isFatal ? backoff.slowestDelay() : usualDelay());
      }
      if (error instanceof SessionLostError && UNWELCOME.has(error.code)) {
        log.error(`the server won't have this worker: ${error.message}`);
        return backoff.slowestDelay();
      }
      if (hasExpired(this.#credential)) {
        log.error("the credential has expired: stop this worker and start it with a new enrollment token");
        return backoff.slowestDelay();
      }
      log.warning(`connection to ${address}: ${this.#explained(reasonOf(error))}`);
    }
    return usualDelay();
  }

  #established(session: Session): void {
    this.#mayRotate = session.serverFeatures.has("rotate");
    this.#workshop.orphanSeconds = session.orphanSeconds;
    this.#blobs.isOffered = session.serverFeatures.has("blobs");
    this.#orphanTimer?.cancel();
    this.#orphanTimer = undefined;
    // So that a server that is behind is recognised also after a restart.
    try {
      writeFileSync(`${this.#epochFile}.new`, String(this.#standing.lastEpoch));
      renameSync(`${this.#epochFile}.new`, this.#epochFile);
    } catch (error) {
      log.error(`the epoch can't be stored: ${reasonOf(error)}`);
    }
  }

  /** Without a server for that long the runs are ended; nobody may be waiting for them any more. */
  #startOrphanTimer(limitSeconds: number): void {
    if (limitSeconds > 0) {
      this.#orphanTimer ??= after(limitSeconds, () =>
        this.#holdings.stopAll(ExitReason.ORPHANED, StopLevel.INTERRUPT),
      );
    }
  }

  async #ensureCredential(): Promise<void> {
    const token = this.settings.enrollmentToken;
    const backoff = new Backoff();
    const needsOne = (): boolean => this.#credential === undefined || hasExpired(this.#credential);
    while (needsOne() && token !== undefined && !this.#closing.signal.aborted) {
      try {
        this.#credential = await enroll(this.settings, token);
      } catch (error) {
        if (!isServiceError(error)) {
          throw error;
        }
        const address = this.settings.enrollAt ?? this.settings.server;
        log.warning(`enrollment at ${address}: ${this.#explained(error.details)}`);
        await sleep(backoff.nextDelay(), this.#closing.signal);
      }
    }
    this.#blobs.credential = this.#credential;
    this.#standing.workerId = this.#credential?.workerId ?? "";
  }

  /** A reason, with what to try when a connection in clear was answered and then cut, as servers that speak TLS do. */
  #explained(reason: string): string {
    const trusted = `${trustedBy(this.settings)}${this.#credential?.trustedCaPem ?? ""}`;
    const said = reason.replace(EMPTY_NOTE, "");
    return said.includes(CUT) && !isSecured(this.settings, trusted)
      ? `${said} (in clear: if the server speaks TLS, give the whole token, or --ca, or --tls)`
      : said;
  }

  /** Renew the credential whenever it is time; sessions that are open go on with the old one. */
  async #keepCredential(): Promise<void> {
    while (this.#credential?.renewAt !== undefined && !this.#closing.signal.aborted) {
      const wait = this.#credential.renewAt - Date.now() / 1000;
      if (wait > 0 || !this.#mayRotate) {
        await sleep(Math.min(Math.max(wait, 1), LONGEST_SLEEP_SECONDS), this.#closing.signal);
        continue;
      }
      try {
        this.#credential = await rotate(this.settings, this.#credential);
        this.#blobs.credential = this.#credential;
      } catch (error) {
        log.warning(`the credential can't be renewed yet: ${reasonOf(error)}`);
        await sleep(rotationRetrySeconds(this.#credential), this.#closing.signal);
      }
    }
  }

  get #epochFile(): string {
    return path.join(this.settings.stateDirectory, "epoch");
  }
}

/** Several tries fit into the time that is left, however short the life of credentials is. */
function rotationRetrySeconds(credential: StoredCredential): number {
  const { shortest, longest } = ROTATION_RETRY_SECONDS;
  const left = credential.notAfter === undefined ? longest : (credential.notAfter - Date.now() / 1000) / 8;
  return Math.min(Math.max(left, shortest), longest);
}

function readEpoch(file: string): bigint {
  try {
    return BigInt(readFileSync(file, "ascii").trim());
  } catch {
    return 0n;
  }
}
