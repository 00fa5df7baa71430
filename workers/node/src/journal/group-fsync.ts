// Makes journals durable with one fsync for all that ask at the same time.
import { closeSync, fsync, openSync } from "node:fs";
import { promisify } from "node:util";
import type { Journal } from "./journal.js";

const fsyncFile = promisify(fsync);

interface Request {
  readonly journal: Journal;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Makes the journals in one directory durable: those that ask while the disk is busy are synced together in the next round. */
export class GroupFsync {
  readonly #directory: number;
  #waiting: Request[] = [];
  #isBusy = false;

  constructor(directory: string) {
    this.#directory = openSync(directory, "r");
  }

  /** Resolves when `journal` and its name in the directory are on the disk; rejects when the disk failed. */
  sync(journal: Journal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ journal, resolve, reject });
      if (!this.#isBusy) {
        void this.#syncAll();
      }
    });
  }

  /** Close the directory; no sync may be under way. */
  close(): void {
    closeSync(this.#directory);
  }

  async #syncAll(): Promise<void> {
    this.#isBusy = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const files = await Promise.allSettled(batch.map(({ journal }) => syncJournal(journal)));
      const [directory] = await Promise.allSettled([fsyncFile(this.#directory)]);
      batch.forEach(({ resolve, reject }, index) => {
        const failed = [files[index], directory].find((result) => result?.status === "rejected");
        if (failed?.status === "rejected") {
          reject(failed.reason);
        } else {
          resolve();
        }
      });
    }
    this.#isBusy = false;
  }
}

async function syncJournal(journal: Journal): Promise<void> {
  if (journal.activeDescriptor !== undefined) {
    await fsyncFile(journal.activeDescriptor);
  }
}
