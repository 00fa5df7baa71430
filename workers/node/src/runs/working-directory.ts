// Opens the directory that a command is to run in.
import { withOpenedSync } from "../files/contained.js";
import type { HeldDirectory } from "../files/held-directory.js";
import { fromText, PathEscapesError } from "../files/paths.js";
import { systemCode } from "../log.js";
import { StartFailedError } from "../processes/executable.js";
import { type Command, StartFailure } from "../proto/worker_pb.js";
import type { Plan } from "./plan.js";

/**
 * Hold the directory that the plan's command runs in; the build directory is made if it isn't there.
 *
 * @throws StartFailedError it isn't there, or not in the build directory.
 * @throws a system error: the build directory can't be made.
 */
export function openWorkingDirectory(plan: Plan, command: Command): HeldDirectory {
  try {
    return withOpenedSync(plan.directory, true, (tree) => tree.enter(fromText(command.cwd)));
  } catch (error) {
    if (error instanceof PathEscapesError) {
      throw new StartFailedError(StartFailure.BAD_CWD, error.message);
    }
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) {
      throw new StartFailedError(
        StartFailure.BAD_CWD,
        `the working directory '${command.cwd}' doesn't exist`,
      );
    }
    throw error;
  }
}
