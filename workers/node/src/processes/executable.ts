// Checks that a program can be started, and says why one couldn't.
import { accessSync, closeSync, constants, openSync, readdirSync, readSync, statSync } from "node:fs";
import { platform } from "node:os";
import path from "node:path";
import { systemCode } from "../log.js";
import { StartFailure } from "../proto/worker_pb.js";

const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";
const ELF = Buffer.from("\x7fELF", "latin1");
const SCRIPT = Buffer.from("#!", "latin1");
const REGISTERED_FORMATS = "/proc/sys/fs/binfmt_misc";

/** No process could be started. */
export class StartFailedError extends Error {
  constructor(
    readonly failure: StartFailure,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Make sure that a program is there and can be run.
 *
 * This is checked before the start because the library under Node.js would give a file that is no program to a shell.
 *
 * @throws StartFailedError it can't be started.
 */
export function checkExecutable(
  program: string,
  searchPath: string | undefined,
  workingDirectory: string,
): void {
  const candidates = program.includes("/")
    ? [path.resolve(workingDirectory, program)]
    : (searchPath ?? DEFAULT_PATH).split(":").map((each) => path.resolve(workingDirectory, each, program));
  let isForbidden = false;
  for (const candidate of candidates) {
    const problem = problemOf(candidate);
    if (problem === undefined) {
      if (!isProgram(candidate)) {
        throw new StartFailedError(
          StartFailure.NOT_EXECUTABLE,
          `'${program}' isn't a program this machine can run`,
        );
      }
      return;
    }
    isForbidden ||= problem === StartFailure.PERMISSION_DENIED;
  }
  throw isForbidden
    ? new StartFailedError(StartFailure.PERMISSION_DENIED, `'${program}' may not be run`)
    : new StartFailedError(StartFailure.PROGRAM_NOT_FOUND, `there is no program '${program}'`);
}

/** What the system's refusal to start `program` means. */
export function startFailureOf(error: unknown, program: string): StartFailedError {
  switch (systemCode(error)) {
    case "ENOENT":
    case "ENOTDIR":
      return new StartFailedError(StartFailure.PROGRAM_NOT_FOUND, `there is no program '${program}'`);
    case "EACCES":
    case "EPERM":
      return new StartFailedError(StartFailure.PERMISSION_DENIED, `'${program}' may not be run`);
    case "ENOEXEC":
      return new StartFailedError(
        StartFailure.NOT_EXECUTABLE,
        `'${program}' isn't a program this machine can run`,
      );
    case "E2BIG":
    case "EAGAIN":
    case "ENOMEM":
    case "EMFILE":
    case "ENFILE":
      return new StartFailedError(StartFailure.RESOURCES, systemCode(error));
    default:
      return new StartFailedError(StartFailure.OTHER, error instanceof Error ? error.message : String(error));
  }
}

function problemOf(candidate: string): StartFailure | undefined {
  try {
    if (!statSync(candidate).isFile()) {
      return StartFailure.PERMISSION_DENIED;
    }
    accessSync(candidate, constants.X_OK);
    return undefined;
  } catch (error) {
    return systemCode(error) === "EACCES" ? StartFailure.PERMISSION_DENIED : StartFailure.PROGRAM_NOT_FOUND;
  }
}

/** Whether the kernel can run the file, as far as its first bytes show. */
function isProgram(file: string): boolean {
  if (platform() !== "linux") {
    return true;
  }
  const head = Buffer.alloc(ELF.length);
  try {
    const descriptor = openSync(file, "r");
    try {
      readSync(descriptor, head, 0, head.length, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    // It may be run and not read: only the start shows whether it can be.
    return true;
  }
  return head.equals(ELF) || head.subarray(0, SCRIPT.length).equals(SCRIPT) || hasRegisteredFormats();
}

/** Whether more kinds of programs are registered with the kernel (binfmt_misc), which only it can tell apart. */
function hasRegisteredFormats(): boolean {
  try {
    return readdirSync(REGISTERED_FORMATS).some((name) => name !== "register" && name !== "status");
  } catch {
    return false;
  }
}
