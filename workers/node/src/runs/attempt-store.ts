// Where the attempts of one worker are kept, and what they share there.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { bootId } from "../host-info.js";
import { GroupFsync } from "../journal/group-fsync.js";
import type { WorkerSettings } from "../settings.js";
import { ServerSettings } from "./server-settings.js";
import { SpoolBudget } from "./spool-budget.js";

/** What all attempts of a worker share: directories, group commit, and the limits that hold for all of them together. */
export class AttemptStore {
  readonly serverSettings = new ServerSettings();
  readonly bootId = bootId();
  readonly journalDirectory: string;
  readonly groupFsync: GroupFsync;
  readonly spoolBudget: SpoolBudget;

  /** Makes the directory of the journals. */
  constructor(readonly settings: WorkerSettings) {
    this.journalDirectory = path.join(settings.stateDirectory, "runs");
    mkdirSync(this.journalDirectory, { recursive: true, mode: 0o700 });
    this.groupFsync = new GroupFsync(this.journalDirectory);
    this.spoolBudget = new SpoolBudget(settings.spoolBytes);
  }
}
