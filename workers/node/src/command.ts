// The command: parses its options, runs the worker, and ends with an exit code.
import { HELP, parseCommandLine, type Request, UsageError } from "./command-line.js";
import { VERSION } from "./host-info.js";
import { reasonOf } from "./log.js";
import { EXIT_MISCONFIGURED, runWorker } from "./main.js";

const EXIT_FAILED = 1;

/** Do what the command line asks for, and end the process. */
export async function main(): Promise<void> {
  // A server that is reached by its address is one without a name, which Node.js would remark on at each start.
  process.noDeprecation = true;
  try {
    // Whatever is still under way, such as a transfer that waits, doesn't keep the process.
    process.exit(await execute());
  } catch (error) {
    process.stderr.write(`buildledger-worker: ${reasonOf(error)}\n`);
    process.exit(EXIT_FAILED);
  }
}

async function execute(): Promise<number> {
  let request: Request;
  try {
    request = parseCommandLine(process.argv.slice(2), process.env);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`buildledger-worker: ${error.message}\nSee buildledger-worker --help.\n`);
      return EXIT_MISCONFIGURED;
    }
    throw error;
  }
  switch (request.action) {
    case "help":
      process.stdout.write(HELP);
      return 0;
    case "version":
      process.stdout.write(`${VERSION}\n`);
      return 0;
    case "work":
      return runWorker(request.settings);
  }
}
