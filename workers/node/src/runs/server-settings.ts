// What the server sets for all runs of a worker.
import type { Welcome } from "../proto/worker_pb.js";
import { secondsOf } from "../timing.js";

const LEAST_CHUNK_BYTES = 4 << 10;
const MOST_CHUNK_BYTES = 240 << 10;
const DEFAULT_CHUNK_BYTES = 64 << 10;
const DEFAULT_FLUSH_SECONDS = 0.1;
const MOST_FLUSH_SECONDS = 5;

/** Sizes and times that each session's Welcome may change; at first those that hold before any session. */
export class ServerSettings {
  /** Output is sent in pieces of this size. */
  chunkBytes = DEFAULT_CHUNK_BYTES;
  /** Output that doesn't fill a chunk is sent after this time. */
  flushSeconds = DEFAULT_FLUSH_SECONDS;
  /** How long runs may go on while no server is connected; 0: for ever. */
  orphanSeconds = 0;

  /** Take over what a Welcome says, within the limits of the protocol. */
  update(welcome: Welcome): void {
    const chunkBytes = welcome.chunkBytes || DEFAULT_CHUNK_BYTES;
    this.chunkBytes = Math.min(Math.max(chunkBytes, LEAST_CHUNK_BYTES), MOST_CHUNK_BYTES);
    this.flushSeconds =
      welcome.flush === undefined
        ? DEFAULT_FLUSH_SECONDS
        : Math.min(secondsOf(welcome.flush), MOST_FLUSH_SECONDS);
    this.orphanSeconds = secondsOf(welcome.orphanTtl);
  }
}
