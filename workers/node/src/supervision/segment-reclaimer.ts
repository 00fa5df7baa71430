// Deletes output of a supervised command that the server has acknowledged.
import { existsSync, readdirSync, unlink } from "node:fs";
import { segmentPath } from "../contract/directory.js";

/** Deletes the segments of one spool from the oldest on. */
export class SegmentReclaimer {
  /** The lowest number that is on disk, by channel: an earlier process may have deleted those before. */
  readonly #oldest = new Map<number, number>();

  constructor(
    private readonly directory: string,
    private readonly segmentBytes: number,
  ) {
    for (const name of existsSync(directory) ? readdirSync(directory) : []) {
      const [channel, number] = name.split(".").map(Number);
      if (channel !== undefined && number !== undefined) {
        this.#oldest.set(channel, Math.min(this.#oldest.get(channel) ?? number, number));
      }
    }
  }

  /** Delete the segments of a channel in which every byte lies before `position`. */
  reclaim(channel: number, position: number): void {
    const end = Math.floor(position / this.segmentBytes);
    for (let number = this.#oldest.get(channel) ?? 0; number < end; number += 1) {
      // Without waiting: files of megabytes take the file system a while.
      unlink(segmentPath(this.directory, channel, number), () => undefined);
      this.#oldest.set(channel, number + 1);
    }
  }

  /** Whether the byte at `position` was deleted, which is done only after the server has acknowledged it. */
  isReclaimed(channel: number, position: number): boolean {
    return !existsSync(segmentPath(this.directory, channel, Math.floor(position / this.segmentBytes)));
  }
}
