import type { MessageInitShape } from "@bufbuild/protobuf";
import type { SpooledTotal, SupervisorExit } from "../contract/directory.js";
import { type ExitedSchema, ExitReason, StartFailure } from "../proto/worker_pb.js";
import { durationOf } from "../timing.js";
import type { Attempt } from "./attempt.js";
import { failureNamed, reasonNamed } from "./enum-mapping.js";
import type { Follower } from "./follower.js";

/** What is said of an attempt's end. */
export type ExitedInit = MessageInitShape<typeof ExitedSchema>;

/** What is said of a command whose supervisor didn't come to write down an end. */
export const KILLED = "its supervisor was killed";

const START_UNKNOWN = "the worker was restarted while it was started";
const OUTPUT_LOST = "the machine crashed before all of its output was on the disk";

/** A process that was killed because its supervisor was. */
interface Survivor {
  readonly pid: number;
  readonly name: string;
}

/** There was no process, for this reason. */
export function notStarted(startFailure: StartFailure, message: string): ExitedInit {
  return { reason: ExitReason.START_FAILED, startFailure, message };
}

/** The supervisor was killed, and then whoever it left. */
export function interrupted(
  attempt: Attempt,
  follower: Follower,
  survivors: readonly Survivor[],
): ExitedInit {
  const isKnown = follower.root !== undefined;
  return {
    reason: isKnown ? ExitReason.INTERRUPTED : ExitReason.START_UNKNOWN,
    message: follower.storageError || (isKnown ? KILLED : START_UNKNOWN),
    survivorsKilled: survivors.map(({ pid, name }) => ({ pid, name })),
    outputTotals: totalsOf(attempt, []),
  };
}

/** What a supervisor wrote down, as the protocol says it. */
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
  return hasAll
    ? { reason: reasonNamed(exit.reason), message: exit.message ?? "" }
    : { reason: ExitReason.INTERRUPTED, message: OUTPUT_LOST };
}

/** Size of each channel that had output, and its digest if the whole of it is known. */
function totalsOf(
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
