// Remembers the highest epoch that a server has shown, over restarts of the worker: so that a server that is behind is recognised.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

/** The epoch that was stored last; 0 if there is none, or it can't be read. */
export function readEpoch(stateDirectory: string): bigint {
  try {
    return BigInt(readFileSync(fileIn(stateDirectory), "ascii").trim());
  } catch {
    return 0n;
  }
}

/**
 * Store an epoch in place of the one before.
 *
 * @throws a system error: the disk is full or broken.
 */
export function storeEpoch(stateDirectory: string, epoch: bigint): void {
  const file = fileIn(stateDirectory);
  writeFileSync(`${file}.new`, String(epoch), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function fileIn(stateDirectory: string): string {
  return path.join(stateDirectory, "epoch");
}
