// Provides the worker's credential: enrolls, and renews it in time.
import { log, reasonOf } from "../log.js";
import type { WorkerSettings } from "../settings.js";
import { sleep } from "../timing.js";
import { Backoff } from "./backoff.js";
import { hasExpired, loadCredential, type StoredCredential } from "./credential.js";
import { enroll, rotate, trustedBy } from "./enrollment.js";
import { isServiceError } from "./rpc.js";
import { checkTransport, isSecured } from "./security.js";

const RETRY_SECONDS = { shortest: 0.25, longest: 60 };
const LONGEST_SLEEP_SECONDS = 3600;
// What gRPC says when somebody took the connection and ended it.
const CONNECTION_CUT = "Last error: Failed to connect";
// What gRPC adds where it has nothing to add.
const EMPTY_NOTE = /\.? Resolution note: $/;

/** Holds the current credential; `onChange` is called with each one that is used from then on. */
export class CredentialProvider {
  /** The server, as far as a session has said, renews credentials. */
  mayRotate = false;
  #current: StoredCredential | undefined;

  /** @throws CredentialUnreadableError the stored credential is damaged. */
  constructor(
    private readonly settings: WorkerSettings,
    private readonly onChange: (credential: StoredCredential | undefined) => void,
  ) {
    this.#current = loadCredential(settings.stateDirectory);
  }

  /** The credential to use; undefined before the worker is enrolled. */
  get current(): StoredCredential | undefined {
    return this.#current;
  }

  /** Whether no server accepts it any more, so that only a person can help. */
  get hasExpired(): boolean {
    return hasExpired(this.#current);
  }

  /**
   * Make sure that the credential would not cross a network in clear.
   *
   * @throws PlainTransportRefusedError plain transport to another machine.
   * @throws EnrollmentRefusedError the token says whom to trust, and isn't whole.
   */
  checkTransport(): void {
    checkTransport(this.settings, this.settings.server, this.#trustedPem);
  }

  /**
   * Use up the token, if there is one and no credential that is still good. Returns early when `abort` is aborted.
   *
   * @throws EnrollmentRefusedError the token isn't taken.
   */
  async ensureEnrolled(abort: AbortSignal): Promise<void> {
    const token = this.settings.enrollmentToken;
    const backoff = new Backoff();
    const needsOne = (): boolean => this.#current === undefined || this.hasExpired;
    while (needsOne() && token !== undefined && !abort.aborted) {
      try {
        this.#current = await enroll(this.settings, token);
      } catch (error) {
        if (!isServiceError(error)) {
          throw error;
        }
        const address = this.settings.enrollAt ?? this.settings.server;
        log.warning(`enrollment at ${address}: ${this.explained(error.details)}`);
        await sleep(backoff.nextDelay(), abort);
      }
    }
    this.onChange(this.#current);
  }

  /** Renew it whenever it is time, until `abort` is aborted; sessions that are open go on with the old one. */
  async keepRenewed(abort: AbortSignal): Promise<void> {
    while (this.#current?.renewAt !== undefined && !abort.aborted) {
      const wait = this.#current.renewAt - Date.now() / 1000;
      if (wait > 0 || !this.mayRotate) {
        await sleep(Math.min(Math.max(wait, 1), LONGEST_SLEEP_SECONDS), abort);
        continue;
      }
      try {
        this.#current = await rotate(this.settings, this.#current);
        this.onChange(this.#current);
      } catch (error) {
        log.warning(`the credential can't be renewed yet: ${reasonOf(error)}`);
        await sleep(retrySeconds(this.#current), abort);
      }
    }
  }

  /** A reason, with what to try when a connection in clear was answered and then cut, as servers that speak TLS do. */
  explained(reason: string): string {
    const said = reason.replace(EMPTY_NOTE, "");
    return said.includes(CONNECTION_CUT) && !isSecured(this.settings, this.#trustedPem)
      ? `${said} (in clear: if the server speaks TLS, give the whole token, or --ca, or --tls)`
      : said;
  }

  get #trustedPem(): string {
    return `${this.#current?.trustedCaPem ?? ""}${trustedBy(this.settings)}`;
  }
}

/** Several tries fit into the time that is left, however short the life of credentials is. */
function retrySeconds(credential: StoredCredential): number {
  const { shortest, longest } = RETRY_SECONDS;
  const left = credential.notAfter === undefined ? longest : (credential.notAfter - Date.now() / 1000) / 8;
  return Math.min(Math.max(left, shortest), longest);
}
