// Starts one process and tells when and how it ended.
import { spawn } from "node:child_process";
import { closeSync, statSync } from "node:fs";
import type { Socket } from "node:net";
import { constants } from "node:os";
import { StartFailure } from "../proto/worker_pb.js";
import { checkExecutable, StartFailedError, startFailureOf } from "./executable.js";
import { openInput, openOutput, type Pipe } from "./pipes.js";

/** What a process is started with. */
export interface ProcessSpec {
  readonly argv: readonly string[];
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Empty: the null device. */
  readonly stdin: Uint8Array;
  readonly mergeStderr: boolean;
  readonly umask: number | undefined;
  /** New names from a PipeStore, as many as `pipesNeeded` says. */
  readonly pipeNames: readonly string[];
}

/** How a process ended: by itself with a code, or by a signal. */
export type ExitStatus =
  | { readonly case: "code"; readonly value: number }
  | { readonly case: "signal"; readonly value: number }
  /** By a signal that Node.js has no name for. */
  | { readonly case: undefined };

/** A started process, which leads a session and a group of its own. */
export interface RunningProcess {
  readonly pid: number;
  /** Pipes: one (both streams) or two (output and error). */
  readonly outputs: readonly Socket[];
  readonly ended: Promise<ExitStatus>;
}

/** How many pipes a process is connected by. */
export function pipesNeeded(mergeStderr: boolean, hasInput: boolean): number {
  return (mergeStderr ? 1 : 2) + (hasInput ? 1 : 0);
}

/**
 * Start a process.
 *
 * @throws StartFailedError there is none.
 */
export async function startProcess(spec: ProcessSpec): Promise<RunningProcess> {
  const [program = "", ...args] = spec.argv;
  checkDirectory(spec.workingDirectory);
  checkExecutable(program, spec.environment.PATH, spec.workingDirectory);
  const { input, outputs } = openPipes(spec);
  const pipes = input === undefined ? outputs : [input, ...outputs];
  const [output, error = output] = outputs;
  // Node.js can't give a mask to the child alone; it starts it before this call returns.
  const ownMask = spec.umask === undefined ? undefined : process.umask(spec.umask);
  try {
    const child = spawn(program, args, {
      cwd: spec.workingDirectory,
      env: spec.environment,
      stdio: [input, output, error].map((pipe) => pipe?.childDescriptor ?? "ignore"),
      detached: true,
    });
    if (child.pid === undefined) {
      const failure = await new Promise((resolve) => child.once("error", resolve));
      throw startFailureOf(failure, program);
    }
    child.on("error", () => undefined);
    const ended = new Promise<ExitStatus>((resolve) => {
      child.once("exit", (code, signal) => resolve(statusOf(code, signal)));
    });
    // A program that doesn't read its input may end before all of it is written.
    input?.ownEnd.on("error", () => undefined);
    input?.ownEnd.end(spec.stdin);
    return { pid: child.pid, outputs: outputs.map(({ ownEnd }) => ownEnd), ended };
  } catch (failure) {
    for (const { ownEnd } of pipes) {
      ownEnd.destroy();
    }
    throw failure instanceof StartFailedError ? failure : startFailureOf(failure, program);
  } finally {
    if (ownMask !== undefined) {
      process.umask(ownMask);
    }
    for (const { childDescriptor } of pipes) {
      closeSync(childDescriptor);
    }
  }
}

function checkDirectory(directory: string): void {
  try {
    if (statSync(directory).isDirectory()) {
      return;
    }
  } catch {
    // The error below says so.
  }
  throw new StartFailedError(StartFailure.BAD_CWD, `the working directory '${directory}' doesn't exist`);
}

function openPipes(spec: ProcessSpec): { input: Pipe | undefined; outputs: Pipe[] } {
  const names = [...spec.pipeNames];
  const inputName = spec.stdin.length > 0 ? names.pop() : undefined;
  return {
    outputs: names.map(openOutput),
    input: inputName === undefined ? undefined : openInput(inputName),
  };
}

function statusOf(code: number | null, signal: NodeJS.Signals | null): ExitStatus {
  if (signal === null) {
    return code === null ? { case: undefined } : { case: "code", value: code };
  }
  const number: number | undefined = constants.signals[signal];
  return number === undefined ? { case: undefined } : { case: "signal", value: number };
}
