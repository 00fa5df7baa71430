// Executes attempts from their specification to their last event.
import { create, fromBinary } from "@bufbuild/protobuf";
import { StoppedError } from "../files/errors.js";
import { paged } from "../files/paged.js";
import { log, reasonOf } from "../log.js";
import {
  ExitReason,
  type FileResult,
  FileResultSchema,
  RejectCode,
  type RunSpec,
  RunSpecSchema,
  RunState,
  StopLevel,
} from "../proto/worker_pb.js";
import { after, monotonicSeconds, settlesWithin } from "../timing.js";
import type { Attempt, ExitedInit } from "./attempt.js";
import type { AttemptStore } from "./attempt-store.js";
import type { LocalExecutor } from "./local-executor.js";
import { makePlan, type Plan, SpecRefusedError } from "./plan.js";
import { attachedSupervisor, followToEnd } from "./supervised.js";

/** Does what attempts are specified to do, by an executor; `run` and `resume` may go on for many at once. */
export class Runner {
  constructor(
    private readonly store: AttemptStore,
    private readonly executor: LocalExecutor,
  ) {}

  /** Do what `spec` says once the attempts in `predecessors` are gone; the attempt has ended when this resolves. */
  async run(attempt: Attempt, spec: RunSpec, predecessors: readonly Attempt[]): Promise<void> {
    const plan = this.#accepted(attempt, spec);
    if (plan === undefined) {
      return;
    }
    const gone = Promise.all(predecessors.map((each) => each.gone.wait()));
    if (predecessors.length > 0 && !(await settlesWithin(gone, plan.startSeconds))) {
      const message = "what ran in the build directory before didn't end in time";
      attempt.reject(RejectCode.START_TIMEOUT, message);
      return;
    }
    if (attempt.stop.isMade) {
      attempt.reject(RejectCode.STOPPED_BEFORE_START, "it was stopped before it was started");
      return;
    }
    try {
      attempt.begin(plan.channels);
      if (!plan.changesNothing) {
        await this.store.groupFsync.sync(attempt.journal);
      }
    } catch (error) {
      log.error(`run ${attempt.runId} isn't started: the journal can't be written: ${reasonOf(error)}`);
      attempt.withdraw();
      attempt.reject(RejectCode.STORAGE, `the worker's journal can't be written: ${reasonOf(error)}`);
      return;
    }
    attempt.exit(await this.#runTimed(attempt, plan));
  }

  /** Follow a command that an earlier worker process started, and upload its files when it has ended. */
  async resume(attempt: Attempt): Promise<void> {
    attempt.exit(await endedByFailure(attempt, () => this.#followAndUpload(attempt)));
  }

  /** The plan of an attempt; undefined, and the attempt is rejected, if it can't be done. */
  #accepted(attempt: Attempt, spec: RunSpec): Plan | undefined {
    try {
      return makePlan(spec, this.executor.workDirectory, this.executor.features);
    } catch (error) {
      if (error instanceof SpecRefusedError) {
        attempt.reject(error.code, error.message);
        return undefined;
      }
      throw error;
    }
  }

  async #followAndUpload(attempt: Attempt): Promise<ExitedInit> {
    const exited = await followToEnd(attempt, attachedSupervisor(attempt));
    const afterwards = Buffer.from(attempt.supervision?.afterwards ?? "", "hex");
    const rest = fromBinary(RunSpecSchema, afterwards);
    if (rest.filesOut.length === 0) {
      return exited;
    }
    const plan = makePlan(rest, this.executor.workDirectory, this.executor.features);
    return this.#upload(attempt, plan, exited);
  }

  /** Fetch, operate, upload within the plan's limit of time; the first failure decides. */
  async #runTimed(attempt: Attempt, plan: Plan): Promise<ExitedInit> {
    if (attempt.stop.isMade) {
      return { reason: attempt.stop.reason };
    }
    attempt.state = RunState.RUNNING;
    attempt.beganAt = monotonicSeconds();
    const limit =
      plan.maxSeconds > 0
        ? after(plan.maxSeconds, () => attempt.stop.make(ExitReason.MAX_TIME, StopLevel.INTERRUPT))
        : undefined;
    try {
      return await endedByFailure(attempt, () => this.#runSteps(attempt, plan));
    } finally {
      limit?.cancel();
    }
  }

  async #runSteps(attempt: Attempt, plan: Plan): Promise<ExitedInit> {
    if (plan.spec.filesIn.length > 0) {
      const error = await this.executor.fetchFiles(attempt, plan);
      if (error !== undefined) {
        record(attempt, create(FileResultSchema, { error }));
        return { status: { case: "code", value: 1 }, reason: ExitReason.FILE_FAILED };
      }
    }
    const exited = await this.#operate(attempt, plan);
    return plan.spec.filesOut.length > 0 ? this.#upload(attempt, plan, exited) : exited;
  }

  async #operate(attempt: Attempt, plan: Plan): Promise<ExitedInit> {
    const { operation } = plan.spec;
    if (operation.case === "command") {
      return this.executor.runCommand(attempt, plan, operation.value);
    }
    let hasFailed = false;
    if (operation.case !== undefined) {
      for (const result of await this.executor.operate(attempt, plan)) {
        record(attempt, result);
        hasFailed = result.error !== undefined;
      }
    }
    return {
      status: { case: "code", value: hasFailed ? 1 : 0 },
      reason: hasFailed ? ExitReason.FILE_FAILED : ExitReason.COMPLETED,
    };
  }

  /** Upload what the plan asks for; a failure changes how the run is said to have ended. */
  async #upload(attempt: Attempt, plan: Plan, exited: ExitedInit): Promise<ExitedInit> {
    const hasSucceeded = isSuccess(exited);
    try {
      const result = await this.executor.uploadFiles(attempt, plan, hasSucceeded);
      record(attempt, result);
      return result.error !== undefined && hasSucceeded
        ? { ...exited, reason: ExitReason.FILE_FAILED }
        : exited;
    } catch (error) {
      if (error instanceof StoppedError) {
        // How its command ended is known all the same.
        return { ...exited, reason: attempt.stop.reason };
      }
      throw error;
    }
  }
}

/** The result of `work`, or how the run has ended if it was stopped or its journal can't be written. */
async function endedByFailure(attempt: Attempt, work: () => Promise<ExitedInit>): Promise<ExitedInit> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoppedError) {
      return { reason: attempt.stop.reason };
    }
    log.error(`run ${attempt.runId}: ${reasonOf(error)}`);
    return { reason: ExitReason.STORAGE, message: reasonOf(error) };
  }
}

/** Journal a file operation's result, in as many events as it takes. */
function record(attempt: Attempt, result: FileResult): void {
  for (const value of paged(result)) {
    attempt.recordEvent({ case: "fileResult", value });
  }
}

function isSuccess({ status, reason }: ExitedInit): boolean {
  return status?.case === "code" && status.value === 0 && reason === ExitReason.COMPLETED;
}
