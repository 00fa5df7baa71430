// What a worker tells the supervisor of a command: the launch, later orders, and the environment that the supervisor is started with.
import { COOKIE_VARIABLE } from "../processes/procfs.js";

/** Of the forms of a launch that supervisors take, the one that this worker writes. */
export const LAUNCH_VERSION = 1;

// Of the worker's variables, those that a supervisor needs. The cookie of a run that the worker itself is a part of is among them, so
// that the end of that run ends the supervisor too.
const KEPT_VARIABLES = ["PATH", "TMPDIR", COOKIE_VARIABLE];

/** What becomes of a command when its worker is killed. */
export type OnWorkerDeath = "continue" | "kill";

/** What a supervisor is to run: the first line of its input. It holds secrets and is never written to disk. Times are in seconds, bytes in base64. */
export interface Launch {
  readonly version: number;
  readonly argv: readonly string[];
  readonly is_script: boolean;
  /** Where the command runs; absolute. */
  readonly directory: string;
  /** The build directory, which the paths of watched files are relative to; absolute. */
  readonly root: string;
  /** Holds all build directories; from there the other two are opened, without following links. */
  readonly work_directory: string;
  /** The whole environment, `NAME=value`, except for the variables of secret files. */
  readonly env: readonly string[];
  /** More variables, whose bytes need not be UTF-8. */
  readonly env_base64: readonly string[];
  readonly cookie: string;
  readonly stdin: string;
  readonly umask: number | null;
  readonly encoding: string;
  readonly terminal: { readonly rows: number; readonly columns: number } | null;
  /** One (both streams, or a terminal) or two (output and error); those of watched files follow. */
  readonly channels: readonly string[];
  readonly watch: readonly {
    readonly channel: string;
    readonly path: string;
    readonly from_start: boolean;
  }[];
  readonly secrets: readonly { readonly value: string; readonly file_env: string }[];
  /** 0: none. */
  readonly timeouts: { readonly no_output: number; readonly max: number };
  readonly stop_policy: readonly { readonly level: string; readonly grace: number }[];
  /** Bytes of output that the command may write; 0: no limit. */
  readonly log_limit: number;
  /** What happens to output that exceeds the limit of the spool. */
  readonly on_full: "block" | "gap";
  readonly spool_bytes: number;
  readonly segment_bytes: number;
  readonly on_worker_death: OnWorkerDeath;
  /** How long the command may run without a worker; 0: for ever. */
  readonly unattended: number;
}

/** Asks for the end of the command. `grace` replaces that of the policy's steps. */
export interface StopOrder {
  readonly stop: { readonly level: string; readonly grace: number | null; readonly reason: string };
}

/** Replaces the launch's limit of output on disk. */
export interface SpoolOrder {
  readonly spool_bytes: number;
}

/** Anything that is a line of a supervisor's input. */
export type SupervisorMessage = Launch | StopOrder | SpoolOrder;

/** A message as one line. */
export function lineOf(message: SupervisorMessage): string {
  return `${JSON.stringify(message)}\n`;
}

/** The environment of a supervisor itself. */
export function supervisorEnvironment(): Record<string, string> {
  return Object.fromEntries(
    KEPT_VARIABLES.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
