import { mkdirSync } from "node:fs";
import path from "node:path";
import { Syncer } from "../journal/syncer.js";
import { bootId } from "../machine.js";
import type { Batching } from "../output/channel.js";
import { PipeStore } from "../processes/pipes.js";
import * as procfs from "../processes/procfs.js";
import type { WorkerSettings } from "../settings.js";
import type { Attempt } from "./attempt.js";
import { Spool } from "./spool.js";

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
  readonly syncer: Syncer;
  readonly spool: Spool;
  readonly pipes: PipeStore;
  /** Set anew by each session. */
  readonly batching: Batching = { chunkBytes: 64 << 10, flushSeconds: 0.1 };
  readonly bootId = bootId();
  /** What the worker offers. A pseudo terminal, cgroups and a subreaper need native code, which it does without. */
  readonly features: readonly string[] = procfs.AVAILABLE ? [...ALWAYS_OFFERED, "tree_kill"] : ALWAYS_OFFERED;

  /** `wake` tells the sender that an attempt has something to send. */
  constructor(
    readonly settings: WorkerSettings,
    readonly wake: (attempt: Attempt) => void,
  ) {
    this.journalDirectory = path.join(settings.stateDirectory, "runs");
    mkdirSync(this.journalDirectory, { recursive: true, mode: 0o700 });
    this.syncer = new Syncer(this.journalDirectory);
    this.spool = new Spool(settings.spoolBytes);
    this.pipes = new PipeStore(path.join(settings.stateDirectory, "pipes"));
  }
}
