import { ExitReason, StartFailure, StopLevel } from "../proto/worker_pb.js";

/** A request to end a command, as a supervisor takes it. */
export interface StopOrder {
  readonly stop: { readonly level: string; readonly grace: number | null; readonly reason: string };
}

/** A level as supervisors spell it. */
export function levelName(level: StopLevel): string {
  return StopLevel[level].toLowerCase();
}

/** The level that a supervisor named. */
export function levelNamed(name: string): StopLevel {
  return StopLevel[name.toUpperCase() as keyof typeof StopLevel] ?? StopLevel.UNSPECIFIED;
}

/** A reason as supervisors spell it. */
export function reasonName(reason: ExitReason): string {
  return ExitReason[reason].toLowerCase();
}

/** The reason that a supervisor gave. */
export function reasonNamed(name: string): ExitReason {
  return ExitReason[name.toUpperCase() as keyof typeof ExitReason] ?? ExitReason.UNSPECIFIED;
}

/** The kind of failure that a supervisor named. */
export function failureNamed(name: string): StartFailure {
  return StartFailure[name.toUpperCase() as keyof typeof StartFailure] ?? StartFailure.OTHER;
}
