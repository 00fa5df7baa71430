// Makes the Exited event of a command: as its supervisor wrote it down, or for one that was interrupted or couldn't be started.
import type { SpooledTotal, SupervisorExit } from "../contract/directory.js";
import type { Survivor } from "../processes/tree.js";
import { ExitReason, StartFailure } from "../proto/worker_pb.js";
import { durationOf } from "../timing.js";
import type { Attempt, ExitedInit } from "./attempt.js";
import { failureNamed, reasonNamed } from "./enum-mapping.js";
import type { Follower } from "./follower.js";

/** The message about a command whose supervisor was killed before it had ended. */
export const SUPERVISOR_KILLED = "its supervisor was killed";

/** The message about a command of which it isn't known whether it was started. */
export const START_UNKNOWN = "the worker was restarted while it was started";

const STATUS_UNKNOWN = "its supervisor has written down neither an exit code nor a signal";
const OUTPUT_LOST = "the machine crashed before all of its output was on the disk";

/** The event of a command that couldn't be started. */
export function notStarted(startFailure: StartFailure, message: string): ExitedInit {
  return { reason: ExitReason.START_FAILED, startFailure, message };
}

/** The event of a command whose supervisor was killed, or could write nothing more down; `survivors` were killed then. */
export function interrupted(
  attempt: Attempt,
  follower: Follower,
  survivors: readonly Survivor[],
): ExitedInit {
  const wasStarted = follower.root !== undefined;
  const reason = wasStarted ? ExitReason.INTERRUPTED : ExitReason.START_UNKNOWN;
  return {
    reason: follower.storageError === "" ? reason : ExitReason.STORAGE,
    message: follower.storageError || (wasStarted ? SUPERVISOR_KILLED : START_UNKNOWN),
    survivorsKilled: survivors.map(({ pid, name }) => ({ pid, name })),
    outputTotals: totalsOf(attempt, []),
  };
}

/** The event that a supervisor's record of the end amounts to. */
export function exitedOf(attempt: Attempt, exit: SupervisorExit, follower: Follower): ExitedInit {
  const hasAll = follower.hasAll(exit.totals);
  return {
    status: statusOf(exit),
    ...reasonOf(exit, follower, hasAll),
    startFailure: exit.start_failure ? failureNamed(exit.start_failure) : StartFailure.UNSPECIFIED,
    survivorsKilled: (exit.survivors ?? []).map(({ pid, name }) => ({ pid, name })),
    outputTotals: totalsOf(attempt, hasAll ? exit.totals : []),
    ...(exit.ran_for !== undefined && { ranFor: durationOf(exit.ran_for) }),
    ...(exit.user_cpu !== undefined && { userCpu: durationOf(exit.user_cpu) }),
    ...(exit.system_cpu !== undefined && { systemCpu: durationOf(exit.system_cpu) }),
  };
}

/** Size of each channel that had output, and its digest if the supervisor has summed the whole of it. */
export function totalsOf(
  attempt: Attempt,
  totals: readonly SpooledTotal[],
): NonNullable<ExitedInit["outputTotals"]> {
  const { header, offsets } = attempt.journal;
  const digests = new Map(totals.map(({ channel, sha256 }) => [channel, Buffer.from(sha256, "hex")]));
  return header.channels
    .map((channel, index) => ({
      channel,
      bytes: BigInt(offsets[index] ?? 0),
      sha256: digests.get(index) ?? Buffer.alloc(0),
    }))
    .filter(({ bytes }) => bytes > 0n);
}

function statusOf({ code, signal }: SupervisorExit): NonNullable<ExitedInit["status"]> {
  if (code !== undefined) {
    return { case: "code", value: code };
  }
  return signal === undefined ? { case: undefined } : { case: "signal", value: signal };
}

function reasonOf(
  exit: SupervisorExit,
  follower: Follower,
  hasAll: boolean,
): { readonly reason: ExitReason; readonly message: string } {
  if (follower.storageError !== "") {
    return { reason: ExitReason.STORAGE, message: follower.storageError };
  }
  if (!hasAll) {
    return { reason: ExitReason.INTERRUPTED, message: OUTPUT_LOST };
  }
  const reason = reasonNamed(exit.reason);
  if (reason === ExitReason.UNSPECIFIED) {
    const message = `its supervisor gives a reason that this worker doesn't know: ${exit.reason}`;
    return { reason: ExitReason.INTERRUPTED, message };
  }
  if (reason === ExitReason.COMPLETED && exit.code === undefined && exit.signal === undefined) {
    return { reason: ExitReason.INTERRUPTED, message: STATUS_UNKNOWN };
  }
  return { reason, message: exit.message ?? "" };
}
