// Converts between the protocol's enums and the names that supervisors use: EXIT_REASON_NO_OUTPUT is "no_output".
import { ExitReason, StartFailure, StopLevel } from "../proto/worker_pb.js";

/** A level as supervisors spell it. */
export function levelName(level: StopLevel): string {
  return StopLevel[level].toLowerCase();
}

/** The level that a supervisor named; unspecified if the protocol has none of that name. */
export function levelNamed(name: string): StopLevel {
  return StopLevel[name.toUpperCase() as keyof typeof StopLevel] ?? StopLevel.UNSPECIFIED;
}

/** A reason as supervisors spell it. */
export function reasonName(reason: ExitReason): string {
  return ExitReason[reason].toLowerCase();
}

/** The reason that a supervisor named; unspecified if the protocol has none of that name. */
export function reasonNamed(name: string): ExitReason {
  return ExitReason[name.toUpperCase() as keyof typeof ExitReason] ?? ExitReason.UNSPECIFIED;
}

/** The failure that a supervisor named; OTHER if the protocol has none of that name. */
export function failureNamed(name: string): StartFailure {
  return StartFailure[name.toUpperCase() as keyof typeof StartFailure] ?? StartFailure.OTHER;
}
