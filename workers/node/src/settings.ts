import type { OnCrash } from "./runs/supervised-commands.js";

/** Output that may lie unacknowledged on disk unless something else is asked for. */
export const DEFAULT_SPOOL_BYTES = 1 << 30;

/** Everything a worker needs to know; what is not here the server tells it. */
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
  /** Runs at once. */
  readonly capacity: number;
  /** Used once, when there is no credential in the state directory that is still good. After a dot: whom to trust. */
  readonly enrollmentToken?: string | undefined;
  /** host:port where to enroll, if not at `server`: there, perhaps, nobody gets in without a certificate. */
  readonly enrollAt?: string | undefined;
  /** PEM file of the issuers that the server's certificate may come from; its presence turns TLS on. */
  readonly caFile?: string | undefined;
  /** Use TLS with the issuers that Node.js trusts, when there is no `caFile`. */
  readonly tls: boolean;
  /** Unacknowledged output that may lie on disk, all runs together. */
  readonly spoolBytes: number;
  /** Path of the program `bl-run`, under which commands go on when the worker is killed; "auto" looks for one, "none" is usual. */
  readonly supervisor?: string | undefined;
  /** What supervised commands do when the worker is killed; "continue" is usual. */
  readonly onCrash?: OnCrash | undefined;
}
