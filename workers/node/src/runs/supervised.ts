import { setImmediate } from "node:timers/promises";
import type { SupervisorIdentity } from "../contract/directory.js";
import type { ProcessIdentity } from "../journal/records.js";
import { log, reasonOf } from "../log.js";
import { killOrphans, type OrphanedRun } from "../processes/orphans.js";
import { SecretFiles } from "../processes/secret-files.js";
import type { Survivor } from "../processes/tree.js";
import { StartFailure } from "../proto/worker_pb.js";
import { AttachedSupervisor, type Supervisor } from "../supervision/command.js";
import type { Attempt } from "./attempt.js";
import { levelName, reasonName } from "./enum-mapping.js";
import { type ExitedInit, exitedOf, interrupted, KILLED, notStarted } from "./exited.js";
import { Follower } from "./follower.js";

/** Follow a supervisor to its end and resolve with what is to be said about the command. */
export async function followToEnd(attempt: Attempt, supervisor: Supervisor): Promise<ExitedInit> {
  const { directory } = attempt;
  const follower = followerOf(attempt);
  const unlisten = attempt.stop.listen(() => forwardStop(attempt, supervisor));
  try {
    for (;;) {
      // Asked before looking: what it wrote last is there when it has ended.
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
  const exit = directory.exit();
  if (exit !== undefined) {
    return exitedOf(attempt, exit, follower);
  }
  if (follower.root === undefined && directory.claim() === undefined) {
    return notStarted(
      StartFailure.OTHER,
      directory.diagnostics() || "the supervisor ended without starting it",
    );
  }
  log.error(`run ${attempt.runId}: ${KILLED}`);
  const survivors = await killOrphans([orphanedRunOf(attempt)]);
  removeSecrets(attempt);
  return journalRest(attempt, follower, survivors.get(attempt.cookie) ?? []);
}

/** What an earlier worker process left; after this, no supervisor on its way can start the command any more. */
export function attachedSupervisor(attempt: Attempt): AttachedSupervisor {
  const { bootId } = attempt.journal.header;
  const identity = claimOf(attempt);
  return new AttachedSupervisor(bootId === attempt.workshop.bootId ? identity : undefined, attempt.directory);
}

/** How to recognise what a killed supervisor has left running. */
export function orphanedRunOf(attempt: Attempt): OrphanedRun {
  return { cookie: attempt.cookie, cgroup: claimOf(attempt)?.cgroup || undefined };
}

/** Journal what was kept by a supervisor that was killed together with its worker; resolves with what is to be said. */
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

/** All that was kept, however much that is: nothing else of the attempt is to be waited for. */
function journalRest(attempt: Attempt, follower: Follower, survivors: readonly Survivor[]): ExitedInit {
  while (follower.poll(true)) {
    // There is more.
  }
  return interrupted(attempt, follower, survivors);
}

function followerOf(attempt: Attempt): Follower {
  const { spool } = attempt.journal;
  if (spool === undefined) {
    throw new Error("an attempt without a spool has no supervisor");
  }
  return new Follower(attempt, attempt.directory, spool);
}

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
  new SecretFiles(attempt.cookie, attempt.workshop.settings.stateDirectory).remove();
  attempt.directory.removeSecrets();
}
