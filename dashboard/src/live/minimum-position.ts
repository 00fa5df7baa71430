/** Reads that are at least as new as the last fact that was heard of. */

const TRIES_MAX = 12;
const FIRST_PAUSE_MS = 15;
const PAUSE_MAX_MS = 250;

let minimumPosition = 0;

/** Reads from here on wait for this position. */
export function raiseMinimumPosition(position: number): void {
  minimumPosition = Math.max(minimumPosition, position);
}

/**
 * Reads until the answer has reached the position heard of when it began.
 *
 * Rows follow the ledger by milliseconds, so this nearly always reads once. It gives what it has rather than nothing when a
 * reader of the server stands still.
 */
export async function readAtMinimumPosition<T extends { position: number }>(
  read: () => Promise<T>,
  pause = (duration_ms: number) => new Promise((resolve) => setTimeout(resolve, duration_ms)),
): Promise<T> {
  const required = minimumPosition;
  let response = await read();
  for (
    let tries = 1, pause_ms = FIRST_PAUSE_MS;
    response.position < required && tries < TRIES_MAX;
    tries += 1
  ) {
    await pause(pause_ms);
    pause_ms = Math.min(pause_ms * 2, PAUSE_MAX_MS);
    response = await read();
  }
  return response;
}
