import { mkdirSync } from "node:fs";
import path from "node:path";
import { bootId } from "../host-info.js";
import { GroupFsync } from "../journal/group-fsync.js";
import { PipeStore } from "../processes/pipes.js";
import * as procfs from "../processes/procfs.js";
import type { WorkerSettings } from "../settings.js";
import { findSupervisor } from "../supervision/program.js";
import type { Attempt } from "./attempt.js";
import type { Batching } from "./output.js";
import { SpoolBudget } from "./spool-budget.js";
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
];

/** What all runs of a worker share: directories, the disk's group commit, pipes, and the sizes the server sets. */
export class Workshop {
  readonly journalDirectory: string;
  readonly syncer: GroupFsync;
  readonly spool: SpoolBudget;
  readonly pipes: PipeStore;
  /** Set anew by each session. */
  readonly batching: Batching = { chunkBytes: 64 << 10, flushSeconds: 0.1 };
  readonly bootId = bootId();
  /** How long runs may go on without anybody to report to; 0: for ever. Set by each session. */
  orphanSeconds = 0;
  /** Runs commands so that they survive the worker; without it, its own process control does. */
  readonly supervised: SupervisedCommands | undefined;
  /** What the worker offers. A pseudo terminal and a subreaper need native code, which only the supervisor has. */
  readonly features: readonly string[];

  /**
   * `wake` tells the sender that an attempt has something to send.
   *
   * @throws SupervisorUnusableError what was given as the supervisor isn't one.
   */
  constructor(
    readonly settings: WorkerSettings,
    readonly wake: (attempt: Attempt) => void,
  ) {
    const supervisor = findSupervisor(settings.supervisor ?? "none");
    this.supervised =
      supervisor === undefined
        ? undefined
        : new SupervisedCommands(supervisor, settings.spoolBytes, settings.onCrash ?? "continue");
    this.features = [
      ...ALWAYS_OFFERED,
      ...(procfs.AVAILABLE ? ["tree_kill"] : []),
      ...(this.supervised === undefined ? [] : ["supervised", "pty", "subreaper"]),
    ];
    this.journalDirectory = path.join(settings.stateDirectory, "runs");
    mkdirSync(this.journalDirectory, { recursive: true, mode: 0o700 });
    this.syncer = new GroupFsync(this.journalDirectory);
    this.spool = new SpoolBudget(settings.spoolBytes);
    this.pipes = new PipeStore(path.join(settings.stateDirectory, "pipes"));
  }
}
