// Checks a RunSpec before anything is started, and derives what is needed to execute it.
import { type BuildDirectory, buildDirectory, PathEscapesError } from "../files/paths.js";
import { matches } from "../files/patterns.js";
import { COOKIE_VARIABLE } from "../processes/procfs.js";
import {
  type Command,
  RejectCode,
  type RunSpec,
  type Secret,
  StopLevel,
  type StopStep,
} from "../proto/worker_pb.js";
import { secondsOf } from "../timing.js";

const LONGEST_STDIN_BYTES = 128 << 10;
const LONGEST_SCRIPT_BYTES = 100 << 10;
const LONGEST_SECRET_BYTES = 64 << 10;
const MOST_WATCHED_FILES = 100;
const DEFAULT_SHELL = ["/bin/sh", "-c"];
const OWN_CHANNELS = ["stdio", "stdout", "stderr"];
const CHANNEL_NAME = /^[A-Za-z0-9._-]{1,64}$/;
// Variables that configure the worker are kept from commands; the cookie is passed on for workers inside of runs.
const OWN_PREFIX = "BUILDLEDGER_";
const DEFAULT_TERMINAL = "xterm-256color";

/** A level of a stop policy, and how long to wait after it. */
export interface PolicyStep {
  readonly level: StopLevel;
  readonly graceSeconds: number;
}

const DEFAULT_STOP_POLICY: readonly PolicyStep[] = [
  { level: StopLevel.INTERRUPT, graceSeconds: 5 },
  { level: StopLevel.TERMINATE, graceSeconds: 5 },
  { level: StopLevel.KILL, graceSeconds: 0 },
];

/** A RunSpec that this worker refuses. */
export class SpecRefusedError extends Error {
  constructor(
    readonly code: RejectCode,
    message: string,
  ) {
    super(message);
  }
}

/** A checked RunSpec, with what follows from it. */
export interface Plan {
  readonly spec: RunSpec;
  /** Which may not exist yet. */
  readonly directory: BuildDirectory;
  readonly channels: readonly string[];
  /** Ends with KILL. */
  readonly stopPolicy: readonly PolicyStep[];
  /** Of these three, 0 means no limit. */
  readonly noOutputSeconds: number;
  readonly maxSeconds: number;
  readonly startSeconds: number;
  /** Whether doing it twice would be harmless, so that its start need not be durable. */
  readonly changesNothing: boolean;
}

/**
 * Check `spec` once, before anything is started, as far as can be done without touching the disk.
 *
 * @throws SpecRefusedError it can't be done, for the reason given.
 */
export function makePlan(spec: RunSpec, workDirectory: string, features: readonly string[]): Plan {
  const { operation } = spec;
  const directory = checkedDirectory(spec, workDirectory);
  if (operation.case === undefined && spec.filesIn.length + spec.filesOut.length === 0) {
    throw invalid("there is nothing to do");
  }
  need("blobs", spec.filesIn.length + spec.filesOut.length > 0, features);
  let channels: readonly string[] = [];
  let stopSteps: readonly StopStep[] = [];
  if (operation.case === "command") {
    checkCommand(operation.value, features);
    channels = channelsOf(operation.value);
    stopSteps = operation.value.stopPolicy;
  }
  return {
    spec,
    directory,
    channels,
    stopPolicy: policyOf(stopSteps),
    noOutputSeconds: secondsOf(spec.timeouts?.noOutput),
    maxSeconds: secondsOf(spec.timeouts?.max),
    startSeconds: secondsOf(spec.timeouts?.start),
    changesNothing:
      ["stat", "glob", "readFile"].includes(operation.case ?? "") &&
      spec.filesIn.length + spec.filesOut.length === 0,
  };
}

/** Program and arguments to start. */
export function commandLine(command: Command): string[] {
  if (command.program.case === "argv") {
    return command.program.value.args;
  }
  const script = command.program.value;
  const interpreter = script?.interpreter.length ? script.interpreter : DEFAULT_SHELL;
  return [...interpreter, script?.text ?? ""];
}

/** The variables a command runs with, secrets in files excepted. */
export function environment(
  command: Command,
  base: Readonly<Record<string, string | undefined>>,
  cookie: string,
): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (
      value !== undefined &&
      !name.startsWith(OWN_PREFIX) &&
      !command.unsetEnv.some((out) => matches(name, out))
    ) {
      variables[name] = value;
    }
  }
  Object.assign(variables, command.env);
  if (command.pty !== undefined) {
    variables.TERM = command.pty.term || DEFAULT_TERMINAL;
  }
  for (const secret of command.secrets.filter(({ env }) => env !== "")) {
    variables[secret.env] = Buffer.from(secret.value).toString("utf8");
  }
  const outer = base[COOKIE_VARIABLE];
  variables[COOKIE_VARIABLE] = outer ? `${outer}:${cookie}` : cookie;
  return variables;
}

function checkedDirectory(spec: RunSpec, workDirectory: string): BuildDirectory {
  try {
    return buildDirectory(workDirectory, spec.builddir);
  } catch (error) {
    if (error instanceof PathEscapesError) {
      throw new SpecRefusedError(RejectCode.PATH_ESCAPES, `builddir: ${error.message}`);
    }
    throw error;
  }
}

function checkCommand(command: Command, features: readonly string[]): void {
  if (command.program.case === undefined) {
    throw invalid("there is neither argv nor script");
  }
  need("pty", command.pty !== undefined, features);
  if (
    command.program.case === "shellScript" &&
    Buffer.byteLength(command.program.value.text) > LONGEST_SCRIPT_BYTES
  ) {
    throw invalid(`the script is longer than ${LONGEST_SCRIPT_BYTES} bytes`);
  }
  const argv = commandLine(command);
  if (!argv[0]) {
    throw invalid("there is no program");
  }
  if ([...argv, ...Object.entries(command.env).flat()].some((text) => text.includes("\0"))) {
    throw invalid("a command line or environment can't hold NUL");
  }
  const secretNames = command.secrets
    .flatMap(({ env, fileEnv }) => [env, fileEnv])
    .filter((name) => name !== "");
  if ([...Object.keys(command.env), ...secretNames].some((name) => name === "" || name.includes("="))) {
    throw invalid("a variable's name is empty or holds '='");
  }
  for (const secret of command.secrets) {
    checkSecret(secret, features);
  }
  if (command.stdin.length > LONGEST_STDIN_BYTES) {
    throw invalid(`standard input is longer than ${LONGEST_STDIN_BYTES} bytes`);
  }
}

function checkSecret(secret: Secret, features: readonly string[]): void {
  if (secret.value.length > LONGEST_SECRET_BYTES) {
    throw invalid(`a secret is longer than ${LONGEST_SECRET_BYTES} bytes`);
  }
  if (secret.env !== "" && secret.value.includes(0)) {
    throw invalid("a secret that goes into the environment holds NUL");
  }
  const value = Buffer.from(secret.value);
  const isText = Buffer.from(value.toString("utf8")).equals(value);
  if (secret.env !== "" && !isText && !features.includes("supervised")) {
    throw new SpecRefusedError(
      RejectCode.UNSUPPORTED,
      "under Node.js a variable is UTF-8: a secret of other bytes has to go into a file",
    );
  }
}

function channelsOf(command: Command): string[] {
  const own = command.mergeStderr || command.pty !== undefined ? ["stdio"] : ["stdout", "stderr"];
  const watched = command.watchFiles.map(({ channel }) => channel);
  for (const name of watched) {
    if (OWN_CHANNELS.includes(name) || !CHANNEL_NAME.test(name)) {
      throw invalid(`'${name}' can't be the name of a watched file's channel`);
    }
  }
  if (new Set(watched).size !== watched.length || watched.length > MOST_WATCHED_FILES) {
    throw invalid(`watched files need different channels, at most ${MOST_WATCHED_FILES}`);
  }
  return [...own, ...watched];
}

function policyOf(steps: readonly StopStep[]): readonly PolicyStep[] {
  if (steps.length === 0) {
    return DEFAULT_STOP_POLICY;
  }
  const policy = steps.map((step) => ({
    level: step.level || StopLevel.INTERRUPT,
    graceSeconds: secondsOf(step.grace),
  }));
  // Whatever was asked for, in the end it has to be over.
  return policy.at(-1)?.level === StopLevel.KILL
    ? policy
    : [...policy, { level: StopLevel.KILL, graceSeconds: 0 }];
}

function need(feature: string, isNeeded: boolean, features: readonly string[]): void {
  if (isNeeded && !features.includes(feature)) {
    throw new SpecRefusedError(RejectCode.UNSUPPORTED, `this worker doesn't offer ${feature}`);
  }
}

function invalid(message: string): SpecRefusedError {
  return new SpecRefusedError(RejectCode.INVALID_SPEC, message);
}
