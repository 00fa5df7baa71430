// What a worker is started with.
import type { OnWorkerDeath } from "./contract/launch.js";

/** Bytes of unacknowledged output that may lie on disk, unless the settings say otherwise. */
export const DEFAULT_SPOOL_BYTES = 1 << 30;

/** What a worker is started with; the rest comes from the server. */
export interface WorkerSettings {
  /**
   * host:port. Without `caFile` and `tls` the connection is secured if the enrollment token or the credential says whom
   * to trust; otherwise it is plain, which is refused unless the host is this machine.
   */
  readonly server: string;
  /** What the server knows this worker by. */
  readonly name: string;
  /** Journal, credential and pipes; private to one worker. Absolute. */
  readonly stateDirectory: string;
  /** All build directories lie in it. Absolute. */
  readonly workDirectory: string;
  readonly labels: Readonly<Record<string, string>>;
  /** How many runs it does at once. */
  readonly capacity: number;
  /** Used once, when the state directory has no credential that is still good. After a dot: whom to trust. */
  readonly enrollmentToken?: string | undefined;
  /** host:port where to enroll, if not at `server`, which may let nobody in without a certificate. */
  readonly enrollAt?: string | undefined;
  /** PEM file of the issuers that the server's certificate may come from; turns TLS on. */
  readonly caFile?: string | undefined;
  /** Use TLS with the issuers that Node.js trusts, when there is no `caFile`. */
  readonly tls: boolean;
  /** Bytes of unacknowledged output that may lie on disk, all runs together. */
  readonly spoolBytes: number;
  /** Path of the program `bl-run`, under which commands go on when the worker is killed; "auto" looks for one, "none" is the default. */
  readonly supervisor?: string | undefined;
  /** What supervised commands do when the worker is killed; "continue" is the default. */
  readonly onCrash?: OnWorkerDeath | undefined;
  /** Build directories that nothing has used for so long are removed; 0, the default: never. */
  readonly keepSeconds?: number | undefined;
}
