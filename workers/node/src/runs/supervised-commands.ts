import { mkdirSync } from "node:fs";
import { create, toBinary } from "@bufbuild/protobuf";
import { type BytePath, fromText, PathEscapesError, resolveLinks, toBuffer, toText } from "../files/paths.js";
import { reasonOf } from "../log.js";
import { type Command, OutputPolicy, RunSpecSchema, StartFailure } from "../proto/worker_pb.js";
import { StartedSupervisor } from "../supervision/command.js";
import { LAUNCH_VERSION } from "../supervision/program.js";
import type { Attempt } from "./attempt.js";
import { levelName } from "./enum-mapping.js";
import { type ExitedInit, notStarted } from "./exited.js";
import { commandLine, environment, type Plan } from "./plan.js";
import { SpoolShares, segmentBytesOf } from "./spool-shares.js";
import { followToEnd } from "./supervised.js";

/** What supervised commands do when their worker is killed. */
export type OnCrash = "continue" | "kill";

const USUAL_ROWS = 24;
const USUAL_COLUMNS = 80;

/** Starts each command under a supervisor of its own. */
export class SupervisedCommands {
  readonly #shares: SpoolShares;

  constructor(
    private readonly program: string,
    spoolBytes: number,
    private readonly onCrash: OnCrash,
  ) {
    this.#shares = new SpoolShares(spoolBytes);
  }

  /** Run the plan's command to its end and resolve with what is to be said about it; no process of it is left then. */
  async run(attempt: Attempt, plan: Plan, command: Command): Promise<ExitedInit> {
    const { settings, orphanSeconds } = attempt.workshop;
    const segmentBytes = segmentBytesOf(settings.spoolBytes, plan.channels.length);
    let launch: object;
    let supervisor: StartedSupervisor;
    try {
      launch = launchOf(plan, command, attempt.cookie);
      attempt.directory.create();
      attempt.supervise({ segmentBytes, orphanSeconds, afterwards: afterwardsOf(plan) });
      supervisor = await StartedSupervisor.start(this.program, attempt.directory);
    } catch (error) {
      const failure = error instanceof PathEscapesError ? StartFailure.BAD_CWD : StartFailure.RESOURCES;
      return notStarted(failure, reasonOf(error));
    }
    supervisor.send({
      ...launch,
      timeouts: { no_output: plan.noOutputSeconds, max: attempt.secondsLeft(plan.maxSeconds) },
      spool_bytes: this.#shares.acquire(supervisor),
      segment_bytes: segmentBytes,
      on_worker_death: this.onCrash,
      unattended: orphanSeconds,
    });
    try {
      return await followToEnd(attempt, supervisor);
    } finally {
      this.#shares.release(supervisor);
    }
  }
}

/** The launch of a command, all but what depends on the worker; makes the build directory. */
function launchOf(plan: Plan, command: Command, cookie: string): object {
  mkdirSync(toBuffer(plan.root), { recursive: true });
  const { pty, watchFiles } = command;
  const script = command.program.case === "shellScript" ? command.program.value : undefined;
  return {
    version: LAUNCH_VERSION,
    argv: commandLine(command),
    is_script: script !== undefined && script.interpreter.length === 0,
    directory: asText(resolveLinks(plan.root, fromText(command.cwd))),
    root: asText(plan.root),
    ...variablesOf(command, cookie),
    cookie,
    stdin: base64(command.stdin),
    umask: command.umask ?? null,
    encoding: command.encoding,
    terminal:
      pty === undefined ? null : { rows: pty.rows || USUAL_ROWS, columns: pty.columns || USUAL_COLUMNS },
    channels: plan.channels.slice(0, plan.channels.length - watchFiles.length),
    watch: watchFiles.map(({ channel, path, fromStart }) => ({
      channel,
      path: base64(path),
      from_start: fromStart,
    })),
    secrets: command.secrets.map(({ value, fileEnv }) => ({ value: base64(value), file_env: fileEnv })),
    stop_policy: plan.stopPolicy.map(({ level, graceSeconds }) => ({
      level: levelName(level),
      grace: graceSeconds,
    })),
    log_limit: Number(command.logLimit),
    on_full: command.outputPolicy === OutputPolicy.GAP ? "gap" : "block",
  };
}

/** The variables of a command. Secrets go by their bytes, which need not be UTF-8. */
function variablesOf(command: Command, cookie: string): object {
  const secrets = command.secrets.filter(({ env }) => env !== "");
  const variables = environment(command, process.env, cookie);
  for (const { env } of secrets) {
    delete variables[env];
  }
  return {
    env: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    env_base64: secrets.map(({ env, value }) => base64(Buffer.concat([Buffer.from(`${env}=`), value]))),
  };
}

/** What is to be done after the command; it holds no secret. */
function afterwardsOf({ spec: { builddir, filesOut } }: Plan): string {
  const rest = create(RunSpecSchema, { builddir, filesOut });
  return filesOut.length > 0 ? Buffer.from(toBinary(RunSpecSchema, rest)).toString("hex") : "";
}

function asText(path: BytePath): string {
  const text = toText(path);
  if (fromText(text) !== path) {
    throw new PathEscapesError(path);
  }
  return text;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
