import { create, fromBinary } from "@bufbuild/protobuf";
import { perform } from "../files/operations.js";
import { paged } from "../files/paged.js";
import type { BlobStore } from "../files/transfers/blob-store.js";
import { Transfers } from "../files/transfers/fetch.js";
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
import type { Attempt } from "./attempt.js";
import { type ExitedInit, runCommand } from "./command.js";
import { makePlan, type Plan, SpecRefusedError } from "./plan.js";
import { StoppedError } from "./stopping.js";
import { attachedSupervisor, followToEnd } from "./supervised.js";

/** Do what `spec` says once the attempts in `before` are gone; the attempt has ended when this resolves. */
export async function run(
  attempt: Attempt,
  spec: RunSpec,
  before: readonly Attempt[],
  blobs: BlobStore,
): Promise<void> {
  const { workshop } = attempt;
  let plan: Plan;
  try {
    plan = makePlan(spec, workshop.settings.workDirectory, workshop.features);
  } catch (error) {
    if (error instanceof SpecRefusedError) {
      attempt.reject(error.code, error.message);
      return;
    }
    throw error;
  }
  const gone = Promise.all(before.map((each) => each.gone.wait()));
  if (before.length > 0 && !(await settlesWithin(gone, plan.startSeconds))) {
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
      await workshop.syncer.sync(attempt.journal);
    }
  } catch (error) {
    log.error(`run ${attempt.runId} isn't started: the journal can't be written: ${reasonOf(error)}`);
    attempt.withdraw();
    attempt.reject(RejectCode.STORAGE, `the worker's journal can't be written: ${reasonOf(error)}`);
    return;
  }
  attempt.exit(await runTimed(attempt, plan, blobs));
}

/** Stay with a command that an earlier worker process started, and do what comes after it. */
export async function resume(attempt: Attempt, blobs: BlobStore): Promise<void> {
  const { workshop, supervision } = attempt;
  const ending = await endedByFailure(attempt, async () => {
    const ended = await followToEnd(attempt, attachedSupervisor(attempt));
    const rest = fromBinary(RunSpecSchema, Buffer.from(supervision?.afterwards ?? "", "hex"));
    if (rest.filesOut.length === 0) {
      return ended;
    }
    const plan = makePlan(rest, workshop.settings.workDirectory, workshop.features);
    return upload(attempt, new Transfers(attempt, plan, blobs), ended);
  });
  attempt.exit(ending);
}

/** Fetch, operate, upload; the first failure decides. */
async function runTimed(attempt: Attempt, plan: Plan, blobs: BlobStore): Promise<ExitedInit> {
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
    return await endedByFailure(attempt, () => runSteps(attempt, plan, blobs));
  } finally {
    limit?.cancel();
  }
}

/** What is to be said of work that may be stopped, or meet a broken disk. */
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

async function runSteps(attempt: Attempt, plan: Plan, blobs: BlobStore): Promise<ExitedInit> {
  const { spec } = plan;
  const transfers = new Transfers(attempt, plan, blobs);
  if (spec.filesIn.length > 0) {
    const error = await transfers.fetch();
    if (error !== undefined) {
      record(attempt, create(FileResultSchema, { error }));
      return { status: { case: "code", value: 1 }, reason: ExitReason.FILE_FAILED };
    }
  }
  const ending = await operate(attempt, plan);
  return spec.filesOut.length > 0 ? upload(attempt, transfers, ending) : ending;
}

/** Upload what the plan asks for; what comes of it may change how the run is said to have ended. */
async function upload(attempt: Attempt, transfers: Transfers, ending: ExitedInit): Promise<ExitedInit> {
  const hasSucceeded = isSuccess(ending);
  try {
    const result = await transfers.upload(hasSucceeded);
    record(attempt, result);
    return result.error !== undefined && hasSucceeded
      ? { ...ending, reason: ExitReason.FILE_FAILED }
      : ending;
  } catch (error) {
    if (error instanceof StoppedError) {
      // How its command ended is known all the same.
      return { ...ending, reason: attempt.stop.reason };
    }
    throw error;
  }
}

/** Journal a file operation's result, in as many events as it takes. */
function record(attempt: Attempt, result: FileResult): void {
  for (const value of paged(result)) {
    attempt.recordEvent({ case: "fileResult", value });
  }
}

async function operate(attempt: Attempt, plan: Plan): Promise<ExitedInit> {
  const { spec, root } = plan;
  if (spec.operation.case === "command") {
    const { supervised } = attempt.workshop;
    const command = spec.operation.value;
    return supervised === undefined
      ? runCommand(attempt, plan, command)
      : supervised.run(attempt, plan, command);
  }
  let hasFailed = false;
  if (spec.operation.case !== undefined) {
    for (const result of await perform(root, spec, () => attempt.stop.isMade)) {
      record(attempt, result);
      hasFailed = result.error !== undefined;
    }
  }
  return {
    status: { case: "code", value: hasFailed ? 1 : 0 },
    reason: hasFailed ? ExitReason.FILE_FAILED : ExitReason.COMPLETED,
  };
}

function isSuccess({ status, reason }: ExitedInit): boolean {
  return status?.case === "code" && status.value === 0 && reason === ExitReason.COMPLETED;
}
