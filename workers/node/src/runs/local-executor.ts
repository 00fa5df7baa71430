// Executes the operations of runs on the machine that the worker runs on.
import path from "node:path";
import { perform } from "../files/operations.js";
import type { BlobStore } from "../files/transfers/blob-store.js";
import { fetchFiles } from "../files/transfers/fetch.js";
import type { TransferTask } from "../files/transfers/transfer-task.js";
import { uploadFiles } from "../files/transfers/upload.js";
import { freeBytes, loadAverage } from "../host-info.js";
import { PipeStore } from "../processes/pipes.js";
import * as procfs from "../processes/procfs.js";
import type { Command, FileError, FileResult } from "../proto/worker_pb.js";
import type { WorkerSettings } from "../settings.js";
import { findSupervisor } from "../supervision/program.js";
import type { Attempt, ExitedInit } from "./attempt.js";
import { runCommand } from "./command.js";
import type { Plan } from "./plan.js";
import { SupervisedCommands } from "./supervised-commands.js";

const ALWAYS_OFFERED = [
  "merge_stderr",
  "file_operations",
  "file_types",
  "secrets",
  "stdin",
  "watch_files",
  "gap",
  "blobs",
  "timeouts",
  "log_limit",
  "stop_policy",
  "umask",
  "unset_env",
  "shell_script",
];

/** The figures of the machine that each heartbeat has. */
export interface HeartbeatStats {
  /** Load average of the last minute. */
  readonly load: number | undefined;
  /** What can still be written where the build directories lie; 0 if that isn't known. */
  readonly diskFreeBytes: bigint;
}

/** Executes runs as processes and files of this machine. */
export class LocalExecutor {
  /** Holds all build directories. */
  readonly workDirectory: string;
  /** The optional features that are offered. A pseudo terminal and a subreaper need native code, which only the supervisor has. */
  readonly features: readonly string[];
  readonly #blobs: BlobStore;
  readonly #pipes: PipeStore;
  /** Runs commands so that they survive the worker; without it they are processes of this program. */
  readonly #supervised: SupervisedCommands | undefined;

  /** @throws SupervisorUnusableError what was given as the supervisor isn't one. */
  constructor(settings: WorkerSettings, blobs: BlobStore) {
    const supervisor = findSupervisor(settings.supervisor ?? "none");
    this.#supervised =
      supervisor === undefined
        ? undefined
        : new SupervisedCommands(supervisor, settings.spoolBytes, settings.onCrash ?? "continue");
    this.features = [
      ...ALWAYS_OFFERED,
      ...(procfs.AVAILABLE ? ["tree_kill"] : []),
      ...(this.#supervised === undefined ? [] : ["supervised", "pty", "subreaper"]),
    ];
    this.workDirectory = settings.workDirectory;
    this.#blobs = blobs;
    this.#pipes = new PipeStore(path.join(settings.stateDirectory, "pipes"));
  }

  /** How the machine is at this moment. */
  heartbeatStats(): HeartbeatStats {
    return { load: loadAverage(), diskFreeBytes: freeBytes(this.workDirectory) };
  }

  /** Bring the plan's files into the build directory; resolves with why one can't be had. */
  fetchFiles(attempt: Attempt, plan: Plan): Promise<FileError | undefined> {
    return fetchFiles(transferTask(attempt, plan), this.#blobs);
  }

  /** Run the plan's command, keeping its output in the attempt, until no process of it is left. */
  runCommand(attempt: Attempt, plan: Plan, command: Command): Promise<ExitedInit> {
    return this.#supervised === undefined
      ? runCommand(attempt, plan, command, this.#pipes)
      : this.#supervised.run(attempt, plan, command);
  }

  /** Do the plan's file operation; an error is the last result. */
  operate(attempt: Attempt, plan: Plan): Promise<FileResult[]> {
    return perform(plan.directory, plan.spec, () => attempt.stop.isMade);
  }

  /** Give the server the files that the plan asks for. */
  uploadFiles(attempt: Attempt, plan: Plan, hasSucceeded: boolean): Promise<FileResult> {
    return uploadFiles(transferTask(attempt, plan), this.#blobs, hasSucceeded);
  }
}

function transferTask({ runId, attempt, stop }: Attempt, { spec, directory }: Plan): TransferTask {
  return { runId, attempt, spec, directory, stop };
}
