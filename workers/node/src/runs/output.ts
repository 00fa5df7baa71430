// One stream of a command's output: masked, and divided into chunks.
import { createHash } from "node:crypto";
import type { Masker } from "../masking/masker.js";
import { after, type Timer } from "../timing.js";
import type { ServerSettings } from "./server-settings.js";

/**
 * One named stream of output.
 *
 * Bytes wait until a whole chunk is there or `flushSeconds` have passed; `emit` gets each chunk.
 */
export class Channel {
  readonly #digest = createHash("sha256");
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #flush: Timer | undefined;

  constructor(
    readonly name: string,
    private readonly masker: Masker | undefined,
    private readonly emit: (data: Buffer) => void,
    private readonly settings: Pick<ServerSettings, "chunkBytes" | "flushSeconds">,
  ) {}

  /** Add bytes that were recorded to the digest. */
  count(data: Buffer): void {
    this.#digest.update(data);
  }

  /** Digest of all bytes counted; to be called once, at the end. */
  sha256(): Buffer {
    return this.#digest.digest();
  }

  /** Process bytes that the command wrote. */
  feed(written: Buffer): void {
    const data = this.masker === undefined ? written : this.masker.feed(written);
    if (data.length === 0) {
      return;
    }
    this.#pending.push(data);
    this.#pendingBytes += data.length;
    if (this.#pendingBytes >= this.settings.chunkBytes) {
      this.#drain(true);
    }
    if (this.#pendingBytes > 0) {
      this.#flush ??= after(this.settings.flushSeconds, () => this.#drain(false));
    }
  }

  /** Emit all that is left: nothing more will come. */
  finish(): void {
    const rest = this.masker?.finish();
    if (rest !== undefined) {
      this.#pending.push(rest);
    }
    this.#drain(false);
  }

  #drain(wholeChunksOnly: boolean): void {
    this.#flush?.cancel();
    this.#flush = undefined;
    const [first] = this.#pending;
    const data = this.#pending.length === 1 && first !== undefined ? first : Buffer.concat(this.#pending);
    const { chunkBytes } = this.settings;
    const end = wholeChunksOnly ? data.length - (data.length % chunkBytes) : data.length;
    const rest = data.subarray(end);
    this.#pending = rest.length > 0 ? [rest] : [];
    this.#pendingBytes = rest.length;
    for (let start = 0; start < end; start += chunkBytes) {
      this.emit(data.subarray(start, Math.min(start + chunkBytes, end)));
    }
  }
}
