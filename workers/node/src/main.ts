// Runs a worker until a signal ends it.
import { chmodSync, mkdirSync, realpathSync } from "node:fs";
import { lock, StateInUseError } from "./lock.js";
import { log, reasonOf } from "./log.js";
import type { WorkerSettings } from "./settings.js";
import { SupervisorUnusableError } from "./supervision/program.js";
import { CredentialUnreadableError } from "./transport/credential.js";
import { EnrollmentRefusedError } from "./transport/enrollment.js";
import { CaFileUnusableError, checkCaFile, PlainTransportRefusedError } from "./transport/security.js";
import { Worker } from "./worker.js";

/** A signal or another program ended it. */
export const EXIT_STOPPED = 0;
/** A person must act before it can work. */
export const EXIT_MISCONFIGURED = 2;

const MISCONFIGURATIONS = [
  StateInUseError,
  CredentialUnreadableError,
  EnrollmentRefusedError,
  PlainTransportRefusedError,
  CaFileUnusableError,
  SupervisorUnusableError,
];

/**
 * Be a worker until SIGTERM, SIGINT or SIGHUP, and resolve with the exit code of the program.
 *
 * SIGTERM and SIGINT end the runs by their stop policy, a second one at once; SIGHUP lets them finish.
 */
export async function runWorker(settings: WorkerSettings): Promise<number> {
  try {
    checkCaFile(settings);
    for (const directory of [settings.stateDirectory, settings.workDirectory]) {
      mkdirSync(directory, { recursive: true });
    }
    chmodSync(settings.stateDirectory, 0o700);
    const held = await lock(settings.stateDirectory);
    try {
      await serve({ ...settings, workDirectory: realpathSync(settings.workDirectory) });
    } finally {
      held.release();
    }
    return EXIT_STOPPED;
  } catch (error) {
    if (!MISCONFIGURATIONS.some((kind) => error instanceof kind)) {
      throw error;
    }
    log.error(reasonOf(error));
    return EXIT_MISCONFIGURED;
  }
}

async function serve(settings: WorkerSettings): Promise<void> {
  const worker = new Worker(settings);
  const end = (signal: NodeJS.Signals): void => worker.shutDown(signal);
  const drain = (signal: NodeJS.Signals): void => worker.drain(signal);
  process.on("SIGTERM", end).on("SIGINT", end).on("SIGHUP", drain);
  try {
    await worker.run();
  } finally {
    process.off("SIGTERM", end).off("SIGINT", end).off("SIGHUP", drain);
  }
}
