// Runs commands through supervisors.
import { create, toBinary } from "@bufbuild/protobuf";
import type { OnWorkerDeath } from "../contract/launch.js";
import { PathEscapesError } from "../files/paths.js";
import type { SupervisionHeader } from "../journal/records.js";
import { reasonOf } from "../log.js";
import { StartFailedError } from "../processes/executable.js";
import { type Command, RunSpecSchema, StartFailure } from "../proto/worker_pb.js";
import { StartedSupervisor } from "../supervision/command.js";
import type { Attempt, ExitedInit } from "./attempt.js";
import { notStarted } from "./exited.js";
import type { Plan } from "./plan.js";
import { SpoolShares, segmentBytesOf } from "./spool-shares.js";
import { followToEnd } from "./supervised.js";
import { type LaunchLimits, launchOf } from "./supervised-launch.js";

/** Starts each command under a supervisor of its own. */
export class SupervisedCommands {
  readonly #shares: SpoolShares;

  /** `program` is the supervisor's, `spoolBytes` the limit on unacknowledged output of all commands together. */
  constructor(
    private readonly program: string,
    private readonly spoolBytes: number,
    private readonly onCrash: OnWorkerDeath,
  ) {
    this.#shares = new SpoolShares(spoolBytes);
  }

  /** Run the plan's command to its end and resolve with its result; no process of it is left then. */
  async run(attempt: Attempt, plan: Plan, command: Command): Promise<ExitedInit> {
    const header = this.#header(attempt, plan);
    let launch: ReturnType<typeof launchOf>;
    let supervisor: StartedSupervisor;
    try {
      launch = launchOf(plan, command, attempt.cookie);
      attempt.directory.create();
      attempt.supervise(header);
      supervisor = await StartedSupervisor.start(this.program, attempt.directory);
    } catch (error) {
      if (error instanceof StartFailedError) {
        return notStarted(error.failure, error.message);
      }
      const failure = error instanceof PathEscapesError ? StartFailure.BAD_CWD : StartFailure.RESOURCES;
      return notStarted(failure, reasonOf(error));
    }
    const limits: LaunchLimits = {
      timeouts: { no_output: plan.noOutputSeconds, max: attempt.secondsLeft(plan.maxSeconds) },
      spool_bytes: this.#shares.acquire(supervisor),
      segment_bytes: header.segmentBytes,
      on_worker_death: this.onCrash,
      unattended: header.orphanSeconds,
    };
    supervisor.send({ ...launch, ...limits });
    try {
      return await followToEnd(attempt, supervisor);
    } finally {
      this.#shares.release(supervisor);
    }
  }

  /** What a later worker process needs: how the output is kept, and what is to be done after the command. */
  #header(attempt: Attempt, plan: Plan): SupervisionHeader {
    return {
      segmentBytes: segmentBytesOf(this.spoolBytes, plan.channels.length),
      orphanSeconds: attempt.store.serverSettings.orphanSeconds,
      afterwards: afterwardsOf(plan),
    };
  }
}

/** What is to be done after the command; it holds no secret. */
function afterwardsOf({ spec: { builddir, filesOut } }: Plan): string {
  const rest = create(RunSpecSchema, { builddir, filesOut });
  return filesOut.length > 0 ? Buffer.from(toBinary(RunSpecSchema, rest)).toString("hex") : "";
}
