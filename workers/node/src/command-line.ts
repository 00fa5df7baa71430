// The command's options.
import path from "node:path";
import { parseArgs } from "node:util";
import type { OnWorkerDeath } from "./contract/launch.js";
import { reasonOf } from "./log.js";
import { DEFAULT_SPOOL_BYTES, type WorkerSettings } from "./settings.js";

/** The environment variable of the enrollment token, which other users of the machine can't read. */
const TOKEN_VARIABLE = "BUILDLEDGER_WORKER_TOKEN";

const WORKER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const ADDRESS = /^(\[[0-9A-Fa-f:.]+\]|[^\s:[\]]+):(\d{1,5})$/;
const HIGHEST_PORT = 65_535;
// More than any worker is given, so that the server's configuration alone decides.
const AS_CONFIGURED = 1_000;
const DEFAULT_KEEP_DAYS = 30;
const SECONDS_OF_A_DAY = 86_400;

/** What the command's --help says. */
export const HELP = `Usage: buildledger-worker --server HOST:PORT --name NAME --state DIR [options]

A worker of a Build Ledger server: connects to it and runs what it asks for.

  --server HOST:PORT   where the server listens for workers, or unix:PATH
  --name NAME          what the server knows this worker by
  --state DIR          journal and credential; private to one worker
  --work DIR           build directories (default: "work" in --state DIR)
  --keep-days N        build directories that no build has used for so many
                       days are removed; 0: never (default 30)
  --label KEY=VALUE    what this worker can be chosen by; repeatable
  --capacity N         never more runs at once than this (default: as
                       configured on the server)
  --token TOKEN        one-use enrollment token, for the first start; better in
                       the environment as ${TOKEN_VARIABLE}
  --enroll-at HOST:PORT
                       where to enroll, if --server lets nobody in without
                       a certificate
  --ca FILE            issuers of the server's certificate, PEM; turns TLS on
  --tls                TLS with the issuers that Node.js trusts
  --spool-bytes N      unacknowledged output kept on disk (default 1 GiB)
  --supervisor auto|none|PATH
                       the program bl-run, under which steps go on when this
                       worker is killed; auto (default) looks for it beside
                       this program and on PATH
  --on-crash continue|kill
                       what such steps do when this worker is killed
                       (default continue)
  -h, --help           show this and end
  --version            show the version and end

Without TLS it connects to this machine only. SIGTERM and SIGINT end its runs
and then the worker, a second one at once; SIGHUP lets the runs finish.
`;

/** The command line can't be understood; the message says what to do. */
export class UsageError extends Error {}

/** What the command line asks for. */
export type Request =
  | { readonly action: "help" }
  | { readonly action: "version" }
  | { readonly action: "work"; readonly settings: WorkerSettings };

/**
 * Parse a command line.
 *
 * @throws UsageError it can't be understood.
 */
export function parseCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Request {
  const values = parse(args);
  if (values.help) {
    return { action: "help" };
  }
  if (values.version) {
    return { action: "version" };
  }
  const stateDirectory = path.resolve(required(values.state, "--state"));
  return {
    action: "work",
    settings: {
      server: address(required(values.server, "--server"), "--server"),
      name: workerName(required(values.name, "--name")),
      stateDirectory,
      workDirectory:
        values.work === undefined ? path.join(stateDirectory, "work") : path.resolve(values.work),
      labels: Object.fromEntries((values.label ?? []).map(label)),
      capacity: wholeNumber(values.capacity ?? String(AS_CONFIGURED), "--capacity", 1),
      enrollmentToken: values.token || environment[TOKEN_VARIABLE] || undefined,
      enrollAt: values["enroll-at"] === undefined ? undefined : address(values["enroll-at"], "--enroll-at"),
      caFile: values.ca,
      tls: values.tls ?? false,
      supervisor: values.supervisor ?? "auto",
      onCrash: onCrash(values["on-crash"] ?? "continue"),
      keepSeconds:
        SECONDS_OF_A_DAY * wholeNumber(values["keep-days"] ?? String(DEFAULT_KEEP_DAYS), "--keep-days", 0),
      spoolBytes: wholeNumber(values["spool-bytes"] ?? String(DEFAULT_SPOOL_BYTES), "--spool-bytes", 1),
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        server: { type: "string" },
        name: { type: "string" },
        state: { type: "string" },
        work: { type: "string" },
        "keep-days": { type: "string" },
        label: { type: "string", multiple: true },
        capacity: { type: "string" },
        token: { type: "string" },
        "enroll-at": { type: "string" },
        ca: { type: "string" },
        tls: { type: "boolean" },
        "spool-bytes": { type: "string" },
        supervisor: { type: "string" },
        "on-crash": { type: "string" },
        help: { type: "boolean", short: "h" },
        version: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new UsageError(reasonOf(error));
  }
}

function required(value: string | undefined, option: string): string {
  if (!value) {
    throw new UsageError(`${option} is missing`);
  }
  return value;
}

function address(text: string, option: string): string {
  if (text.startsWith("unix:/")) {
    return text;
  }
  const port = Number(ADDRESS.exec(text)?.[2] ?? 0);
  if (port < 1 || port > HIGHEST_PORT) {
    throw new UsageError(`${option}: '${text}' isn't HOST:PORT or unix:PATH`);
  }
  return text;
}

function workerName(text: string): string {
  if (!WORKER_NAME.test(text)) {
    throw new UsageError(
      `--name: '${text}' isn't 1–64 of letters, digits, ".", "_" and "-", beginning with a letter or digit`,
    );
  }
  return text;
}

function onCrash(text: string): OnWorkerDeath {
  if (text !== "continue" && text !== "kill") {
    throw new UsageError(`--on-crash: '${text}' is neither "continue" nor "kill"`);
  }
  return text;
}

function label(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) {
    throw new UsageError(`--label: '${text}' isn't KEY=VALUE`);
  }
  return [text.slice(0, at), text.slice(at + 1)];
}

function wholeNumber(text: string, option: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`${option}: '${text}' isn't a whole number of at least ${least}`);
  }
  return value;
}
