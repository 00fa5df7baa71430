// From the plan of a run to the launch that its supervisor gets.
import { LAUNCH_VERSION, type Launch } from "../contract/launch.js";
import { type BytePath, fromText, PathEscapesError, toText } from "../files/paths.js";
import { type Command, OutputPolicy } from "../proto/worker_pb.js";
import { levelName } from "./enum-mapping.js";
import { commandLine, environment, type Plan } from "./plan.js";
import { openWorkingDirectory } from "./working-directory.js";

const DEFAULT_ROWS = 24;
const DEFAULT_COLUMNS = 80;

/** The part of a launch that depends on the worker and the time of the start. */
export type LaunchLimits = Pick<
  Launch,
  "timeouts" | "spool_bytes" | "segment_bytes" | "on_worker_death" | "unattended"
>;

/**
 * The launch of a plan's command, all but its limits; makes the build directory.
 *
 * @throws StartFailedError the working directory isn't there, or not in the build directory.
 * @throws PathEscapesError its path is no UTF-8.
 * @throws a system error: the build directory can't be made.
 */
export function launchOf(plan: Plan, command: Command, cookie: string): Omit<Launch, keyof LaunchLimits> {
  const directory = openWorkingDirectory(plan, command).duringSync(({ path }) => path);
  const { pty, watchFiles } = command;
  const script = command.program.case === "shellScript" ? command.program.value : undefined;
  return {
    version: LAUNCH_VERSION,
    argv: commandLine(command),
    is_script: script !== undefined && script.interpreter.length === 0,
    directory: checkedText(directory),
    root: checkedText(plan.directory.path),
    work_directory: checkedText(plan.directory.workDirectory),
    ...variablesOf(command, cookie),
    cookie,
    stdin: base64(command.stdin),
    umask: command.umask ?? null,
    encoding: command.encoding,
    terminal:
      pty === undefined ? null : { rows: pty.rows || DEFAULT_ROWS, columns: pty.columns || DEFAULT_COLUMNS },
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
function variablesOf(command: Command, cookie: string): Pick<Launch, "env" | "env_base64"> {
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

function checkedText(path: BytePath): string {
  const text = toText(path);
  if (fromText(text) !== path) {
    throw new PathEscapesError(path);
  }
  return text;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
