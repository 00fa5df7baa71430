// Finds the supervisor's program, and makes sure that it is one.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import path from "node:path";
import { LAUNCH_VERSION } from "../contract/launch.js";
import { log, reasonOf } from "../log.js";

/** What the supervisor's program is called. */
const PROGRAM = "bl-run";

const AUTO = "auto";
const NONE = "none";
const VERSION_ANSWER = /^bl-run (\S+) launch (\d+)/;
const ANSWER_MS = 20_000;

/** What was given as the supervisor can't be used; the message says what to do. */
export class SupervisorUnusableError extends Error {
  constructor(choice: string, reason: string) {
    super(
      `'${choice}' can't be used as the supervisor: ${reason}. Give the path of a ${PROGRAM} (\`make workers\` builds it), ` +
        `or '${AUTO}' to look for one, or '${NONE}' to do without`,
    );
  }
}

/**
 * The program to use: a path that was given, with "auto" one that is found, with "none" none.
 *
 * "auto" looks beside this program and beside Node.js, then on PATH, and skips one that can't be used. Runs the program to ask
 * for its version.
 *
 * @throws SupervisorUnusableError a path was given, and it isn't one.
 */
export function findSupervisor(choice: string): string | undefined {
  if (choice === NONE) {
    return undefined;
  }
  if (choice !== AUTO) {
    const program = path.resolve(choice);
    check(program, choice);
    return program;
  }
  return candidates().find((candidate) => {
    try {
      check(candidate, candidate);
      return true;
    } catch (error) {
      log.warning(reasonOf(error));
      return false;
    }
  });
}

function candidates(): string[] {
  const beside = [process.argv[1] ?? process.execPath, process.execPath].map((each) => path.dirname(each));
  const onPath = (process.env.PATH ?? "").split(":").filter((directory) => directory !== "");
  return [...new Set([...beside, ...onPath])]
    .map((directory) => path.join(directory, PROGRAM))
    .filter(isFile);
}

function isFile(candidate: string): boolean {
  return statSync(candidate, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** Throws unless the program says that it is a supervisor which takes our launches. */
function check(program: string, choice: string): void {
  const answer = spawnSync(program, ["--version"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: ANSWER_MS,
  });
  if (answer.error !== undefined) {
    throw new SupervisorUnusableError(choice, `it can't be run (${answer.error.message})`);
  }
  const [, version, launch] = VERSION_ANSWER.exec(answer.stdout) ?? [];
  if (version === undefined) {
    throw new SupervisorUnusableError(choice, `it isn't ${PROGRAM}`);
  }
  if (Number(launch) !== LAUNCH_VERSION) {
    const reason = `${PROGRAM} ${version} takes launches of version ${launch}, not ${LAUNCH_VERSION}`;
    throw new SupervisorUnusableError(choice, reason);
  }
}
