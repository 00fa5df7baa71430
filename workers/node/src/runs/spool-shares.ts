// Divides the limit on unacknowledged output among the supervised commands.
import type { SpoolOrder } from "../contract/launch.js";

// Output is deleted in whole segments, one of which each channel is always writing.
const SEGMENTS_PER_CHANNEL = 16;
const LARGEST_SEGMENT_BYTES = 8 << 20;
const SMALLEST_SEGMENT_BYTES = 16 << 10;

/** Has a share, and gets an order with its new size whenever that changes. */
export interface Sharer {
  send(order: SpoolOrder): void;
}

/** Size of the segments of a spool, so that many of them fit within the limit. */
export function segmentBytesOf(spoolBytes: number, channels: number): number {
  const part = Math.floor(spoolBytes / (SEGMENTS_PER_CHANNEL * Math.max(channels, 1)));
  return Math.min(Math.max(part, SMALLEST_SEGMENT_BYTES), LARGEST_SEGMENT_BYTES);
}

/** Equal parts for all that run at the same time; one that runs alone may use all of it. */
export class SpoolShares {
  readonly #sharers = new Set<Sharer>();

  constructor(private readonly spoolBytes: number) {}

  /** Give a command a share in bytes; those of the others become smaller. */
  acquire(sharer: Sharer): number {
    const share = this.#resize(this.#sharers.size + 1);
    this.#sharers.add(sharer);
    return share;
  }

  /** Give the share of one that has ended to the others. */
  release(sharer: Sharer): void {
    this.#sharers.delete(sharer);
    this.#resize(this.#sharers.size);
  }

  #resize(count: number): number {
    const share = Math.floor(this.spoolBytes / Math.max(count, 1));
    for (const each of this.#sharers) {
      each.send({ spool_bytes: share });
    }
    return share;
  }
}
