/** Read-your-writes: reads wait until the server's rows have reached the newest ledger position this page knows of. */

const TRIES_MAX = 12;
const FIRST_PAUSE_MS = 15;
const PAUSE_MAX_MS = 250;

let minimumPosition = 0;

/** From here on reads wait for this position. */
export function raiseMinimumPosition(position: number): void {
  minimumPosition = Math.max(minimumPosition, position);
}

/**
 * Reads again until the response has reached the minimum position in force when it began.
 *
 * Rows follow the ledger within milliseconds, so one read is nearly always enough. When a projection of the server has
 * stopped, the last response is returned although it is older.
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
