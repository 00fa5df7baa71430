import type { BlobStore } from "../files/blob-store.js";
import { perform } from "../files/operations.js";
import { Transfers } from "../files/transfers.js";
import { log, reasonOf } from "../log.js";
import { type Ending, runCommand } from "../processes/command.js";
import { ExitReason, RejectCode, type RunSpec, RunState, StopLevel } from "../proto/worker_pb.js";
import { after, inTime } from "../timing.js";
import type { Attempt } from "./attempt.js";
import { makePlan, type Plan, SpecRefusedError } from "./plan.js";
import { StoppedError } from "./stopping.js";

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
  if (before.length > 0 && !(await inTime(gone, plan.startSeconds))) {
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
  attempt.exit(await operate(attempt, plan, blobs));
}

/** Fetch, operate, upload; the first failure decides. */
async function operate(attempt: Attempt, plan: Plan, blobs: BlobStore): Promise<Ending> {
  if (attempt.stop.isMade) {
    return { reason: attempt.stop.reason };
  }
  attempt.state = RunState.RUNNING;
  const limit =
    plan.maxSeconds > 0
      ? after(plan.maxSeconds, () => attempt.stop.make(ExitReason.MAX_TIME, StopLevel.INTERRUPT))
      : undefined;
  try {
    return await steps(attempt, plan, blobs);
  } catch (error) {
    if (error instanceof StoppedError) {
      return { reason: attempt.stop.reason };
    }
    log.error(`run ${attempt.runId}: ${reasonOf(error)}`);
    return { reason: ExitReason.STORAGE, message: reasonOf(error) };
  } finally {
    limit?.cancel();
  }
}

async function steps(attempt: Attempt, plan: Plan, blobs: BlobStore): Promise<Ending> {
  const { spec } = plan;
  const transfers = new Transfers(attempt, plan, blobs);
  if (spec.filesIn.length > 0) {
    const error = await transfers.fetch();
    if (error !== undefined) {
      attempt.recordEvent({ case: "fileResult", value: { error } });
      return { status: { case: "code", value: 1 }, reason: ExitReason.FILE_FAILED };
    }
  }
  const ending = await operation(attempt, plan);
  if (spec.filesOut.length > 0) {
    const hasSucceeded = succeeded(ending);
    const result = await transfers.upload(hasSucceeded);
    attempt.recordEvent({ case: "fileResult", value: result });
    if (result.error !== undefined && hasSucceeded) {
      return { ...ending, reason: ExitReason.FILE_FAILED };
    }
  }
  return ending;
}

async function operation(attempt: Attempt, plan: Plan): Promise<Ending> {
  const { spec, root } = plan;
  if (spec.operation.case === "command") {
    return runCommand(attempt, plan, spec.operation.value);
  }
  let hasFailed = false;
  if (spec.operation.case !== undefined) {
    for (const result of await perform(root, spec, () => attempt.stop.isMade)) {
      attempt.recordEvent({ case: "fileResult", value: result });
      hasFailed = result.error !== undefined;
    }
  }
  return {
    status: { case: "code", value: hasFailed ? 1 : 0 },
    reason: hasFailed ? ExitReason.FILE_FAILED : ExitReason.COMPLETED,
  };
}

function succeeded({ status, reason }: Ending): boolean {
  return status?.case === "code" && status.value === 0 && reason === ExitReason.COMPLETED;
}
