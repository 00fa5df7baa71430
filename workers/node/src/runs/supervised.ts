// Follows the supervisor of a command to its end, whichever worker process started it.
import { setImmediate } from "node:timers/promises";
import type { SupervisorIdentity } from "../contract/directory.js";
import { log, reasonOf } from "../log.js";
import { killOrphans, type OrphanedRun } from "../processes/orphans.js";
import type { ProcessIdentity } from "../processes/procfs.js";
import { SecretFiles } from "../processes/secret-files.js";
import type { Survivor } from "../processes/tree.js";
import { StartFailure } from "../proto/worker_pb.js";
import { AttachedSupervisor, type Supervisor } from "../supervision/command.js";
import { readDiagnostics } from "../supervision/diagnostics.js";
import type { Attempt, ExitedInit } from "./attempt.js";
import { levelName, reasonName } from "./enum-mapping.js";
import { exitedOf, interrupted, notStarted, SUPERVISOR_KILLED } from "./exited.js";
import { Follower } from "./follower.js";

/** Follow a supervisor to its end and resolve with the result of its command. */
export async function followToEnd(attempt: Attempt, supervisor: Supervisor): Promise<ExitedInit> {
  const follower = followerOf(attempt);
  const unlisten = attempt.stop.listen(() => forwardStop(attempt, supervisor));
  try {
    for (;;) {
      // Asked before reading: what it wrote last is there when it has ended.
      const { hasEnded } = supervisor;
      if (follower.poll(hasEnded)) {
        await setImmediate();
      } else if (hasEnded) {
        break;
      } else {
        await supervisor.notified(follower.dueSeconds);
      }
    }
  } finally {
    unlisten();
  }
  const exit = attempt.directory.exit();
  return exit === undefined ? afterKill(attempt, follower) : exitedOf(attempt, exit, follower);
}

/** The supervisor that an earlier worker process started; none can start the command after this call. */
export function attachedSupervisor(attempt: Attempt): AttachedSupervisor {
  const identity = claimOf(attempt);
  const isOfThisBoot = attempt.journal.header.bootId === attempt.store.bootId;
  return new AttachedSupervisor(isOfThisBoot ? identity : undefined, attempt.directory);
}

/** How to find processes that a killed supervisor left running. */
export function orphanedRunOf(attempt: Attempt): OrphanedRun {
  return { cookie: attempt.cookie, cgroup: claimOf(attempt)?.cgroup || undefined };
}

/** Journal the remaining output of a supervisor that was killed together with its worker, and return the result. */
export function interruptSupervised(
  attempt: Attempt,
  root: ProcessIdentity | undefined,
  survivors: readonly Survivor[],
): ExitedInit {
  removeSecrets(attempt);
  const follower = followerOf(attempt);
  follower.root ??= root;
  return journalRest(attempt, follower, survivors);
}

/** Kill what a killed supervisor left running, and resolve with the result of its command. */
async function afterKill(attempt: Attempt, follower: Follower): Promise<ExitedInit> {
  const { directory, cookie } = attempt;
  if (follower.root === undefined && directory.claim() === undefined) {
    const diagnostics = readDiagnostics(directory.diagnostics);
    return notStarted(StartFailure.OTHER, diagnostics || "the supervisor ended without starting it");
  }
  log.error(`run ${attempt.runId}: ${SUPERVISOR_KILLED}`);
  const survivors = await killOrphans([orphanedRunOf(attempt)]);
  removeSecrets(attempt);
  return journalRest(attempt, follower, survivors.get(cookie) ?? []);
}

/** Journal all remaining output of a killed supervisor, however much that is, and return the result. */
function journalRest(attempt: Attempt, follower: Follower, survivors: readonly Survivor[]): ExitedInit {
  while (follower.poll(true)) {
    // There is more.
  }
  return interrupted(attempt, follower, survivors);
}

function followerOf(attempt: Attempt): Follower {
  const { directory, spoolReader } = attempt;
  if (spoolReader === undefined) {
    throw new Error("an attempt without a spool has no supervisor");
  }
  return new Follower(attempt, directory, spoolReader);
}

/** Pass a stop request on to the supervisor. */
function forwardStop(attempt: Attempt, supervisor: Supervisor): void {
  const { level, reason, graceSeconds } = attempt.stop;
  try {
    supervisor.stop({
      stop: { level: levelName(level), grace: graceSeconds ?? null, reason: reasonName(reason) },
    });
  } catch (error) {
    log.error(`run ${attempt.runId} can't be stopped: ${reasonOf(error)}`);
  }
}

function claimOf(attempt: Attempt): SupervisorIdentity | undefined {
  try {
    return attempt.directory.claim();
  } catch {
    // Without the directory, or on a broken disk, nothing can have been started.
    return undefined;
  }
}

function removeSecrets(attempt: Attempt): void {
  new SecretFiles(attempt.cookie, attempt.store.settings.stateDirectory).remove();
  attempt.directory.removeSecrets();
}
