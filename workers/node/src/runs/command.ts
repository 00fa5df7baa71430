// Runs one command of an attempt without a supervisor: starts it, records its output, stops it on request or when a limit is passed.
import { Kind, recordOf } from "../journal/records.js";
import { reasonOf } from "../log.js";
import { StartFailedError } from "../processes/executable.js";
import type { PipeStore } from "../processes/pipes.js";
import { type ExitStatus, pipesNeeded, type RunningProcess, startProcess } from "../processes/process.js";
import { SecretFiles } from "../processes/secret-files.js";
import { ProcessTree, type Survivor } from "../processes/tree.js";
import { type Command, ExitReason, RunState, StartFailure, StopLevel } from "../proto/worker_pb.js";
import { after, durationOf, monotonicSeconds, type Timer } from "../timing.js";
import type { Attempt, ExitedInit } from "./attempt.js";
import { Capture } from "./capture.js";
import { notStarted } from "./exited.js";
import { commandLine, environment, type Plan } from "./plan.js";
import { openWorkingDirectory } from "./working-directory.js";

// A background child that inherited the pipes doesn't keep the run open for longer.
const END_OF_OUTPUT_SECONDS = 5;
const AFTER_KILL_SECONDS = 1;

/** Run the plan's command to its end and resolve with its result; no process of it is left then. */
export async function runCommand(
  attempt: Attempt,
  plan: Plan,
  command: Command,
  pipes: PipeStore,
): Promise<ExitedInit> {
  const secretFiles = new SecretFiles(attempt.cookie, attempt.store.settings.stateDirectory);
  try {
    const running = await startCommand(attempt, plan, command, pipes, secretFiles);
    return await new Execution(attempt, plan, command, running).complete();
  } catch (error) {
    if (error instanceof StartFailedError) {
      return notStarted(error.failure, error.message);
    }
    throw error;
  } finally {
    secretFiles.remove();
  }
}

/** Throws a StartFailedError if there is no process. */
async function startCommand(
  attempt: Attempt,
  plan: Plan,
  command: Command,
  pipes: PipeStore,
  secretFiles: SecretFiles,
): Promise<RunningProcess> {
  try {
    return await openWorkingDirectory(plan, command).during(async (directory) => {
      const variables = secretFiles.write(command.secrets);
      return startProcess({
        argv: commandLine(command),
        workingDirectory: directory.itself.toString(),
        environment: { ...environment(command, process.env, attempt.cookie), ...variables },
        stdin: command.stdin,
        mergeStderr: command.mergeStderr,
        umask: command.umask,
        pipeNames: await pipes.take(pipesNeeded(command.mergeStderr, command.stdin.length > 0)),
      });
    });
  } catch (error) {
    if (error instanceof StartFailedError) {
      throw error;
    }
    throw new StartFailedError(StartFailure.OTHER, reasonOf(error));
  }
}

/** A command that runs. */
class Execution {
  readonly #tree: ProcessTree;
  readonly #capture: Capture;
  readonly #startedAt = monotonicSeconds();
  #noOutputTimer: Timer | undefined;
  #wasKilled = false;

  constructor(
    private readonly attempt: Attempt,
    private readonly plan: Plan,
    command: Command,
    private readonly running: RunningProcess,
  ) {
    this.#tree = new ProcessTree(running.pid, attempt.cookie);
    this.#capture = new Capture(attempt, plan, command, running.outputs);
    this.#recordStart();
  }

  /** Wait for the end, or bring it about; clean up after it. */
  async complete(): Promise<ExitedInit> {
    const over = new AbortController();
    if (this.plan.noOutputSeconds > 0) {
      this.#checkForOutput();
    }
    const stopped = this.#stopWhenAsked(over.signal);
    const status = await this.running.ended;
    over.abort();
    this.#noOutputTimer?.cancel();
    await stopped;
    if (!this.#wasKilled) {
      await this.#capture.waitForEnd(END_OF_OUTPUT_SECONDS);
    }
    const survivors = await this.#tree.killSurvivors();
    if (survivors.length > 0 || this.#wasKilled) {
      await this.#capture.waitForEnd(AFTER_KILL_SECONDS);
    }
    this.#capture.finish();
    return this.#exited(status, survivors);
  }

  #recordStart(): void {
    const { pid } = this.running;
    this.attempt.state = RunState.RUNNING;
    try {
      this.attempt.recordEvent(
        { case: "started", value: { pid, mechanism: "process_group" } },
        recordOf(Kind.Process, { pid, startedTicks: this.#tree.startedTicks }),
      );
    } catch (error) {
      this.#capture.recording.storageFailed(error);
    }
  }

  /** Stop the run if it has written nothing for too long, else check again when that will be so. */
  #checkForOutput(): void {
    const now = monotonicSeconds();
    // While it is blocked it can't write, which is not its fault.
    const since = this.#capture.isBlocked ? now : Math.max(this.#capture.lastOutputAt, this.#startedAt);
    const rest = since + this.plan.noOutputSeconds - now;
    if (rest <= 0) {
      this.attempt.stop.make(ExitReason.NO_OUTPUT, StopLevel.INTERRUPT);
    } else {
      this.#noOutputTimer = after(rest, () => this.#checkForOutput());
    }
  }

  /** Go through the stop policy once the end is asked for; a more urgent request skips ahead. */
  async #stopWhenAsked(over: AbortSignal): Promise<void> {
    const { stop } = this.attempt;
    await stop.changed(over);
    for (const { level, graceSeconds } of this.plan.stopPolicy) {
      if (over.aborted) {
        return;
      }
      if (level >= stop.level) {
        this.#signal(level);
        await stop.changed(over, stop.graceSeconds ?? graceSeconds);
      }
    }
  }

  #signal(level: StopLevel): void {
    this.attempt.state = RunState.STOPPING;
    try {
      this.attempt.recordEvent({ case: "stopping", value: { level, reason: this.attempt.stop.reason } });
    } catch (error) {
      this.#capture.recording.storageFailed(error);
    }
    if (level === StopLevel.KILL) {
      this.#wasKilled = true;
      this.#tree.kill();
    } else {
      this.#tree.signal(level === StopLevel.TERMINATE ? "SIGTERM" : "SIGINT");
    }
  }

  #exited(status: ExitStatus, survivors: readonly Survivor[]): ExitedInit {
    const { recording } = this.#capture;
    return {
      status,
      reason: this.attempt.stop.reason || ExitReason.COMPLETED,
      message: recording.storageError,
      survivorsKilled: survivors.map(({ pid, name }) => ({ pid, name })),
      outputTotals: recording.totals(),
      ranFor: durationOf(monotonicSeconds() - this.#startedAt),
    };
  }
}
