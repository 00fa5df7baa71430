import type { StartedSupervisor } from "../supervision/command.js";

// Output is removed in whole files, one of which each channel is always writing.
const FILES = 16;
const LARGEST_FILE_BYTES = 8 << 20;
const SMALLEST_FILE_BYTES = 16 << 10;

/** Size of the files of a spool, so that many of them fit into the room there is. */
export function segmentBytesOf(spoolBytes: number, channels: number): number {
  const part = Math.floor(spoolBytes / (FILES * Math.max(channels, 1)));
  return Math.min(Math.max(part, SMALLEST_FILE_BYTES), LARGEST_FILE_BYTES);
}

/** Parts the room for unacknowledged output in equal shares; a run that is alone may use all of it. */
export class SpoolShares {
  readonly #members = new Set<StartedSupervisor>();

  constructor(private readonly spoolBytes: number) {}

  /** Make `supervisor` one of those who share, and return its share. */
  acquire(supervisor: StartedSupervisor): number {
    const share = this.#resize(this.#members.size + 1);
    this.#members.add(supervisor);
    return share;
  }

  /** Give the share of one that has ended to the others. */
  release(supervisor: StartedSupervisor): void {
    this.#members.delete(supervisor);
    this.#resize(this.#members.size);
  }

  #resize(sharers: number): number {
    const share = Math.floor(this.spoolBytes / Math.max(sharers, 1));
    for (const member of this.#members) {
      member.send({ spool_bytes: share });
    }
    return share;
  }
}
