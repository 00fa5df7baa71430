import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";

/** A directory that is gone after the test. */
export function scratch(): string {
  const directory = realpathSync(mkdtempSync(path.join(tmpdir(), "buildledger-test-")));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Wait until `holds` is true, or fail after half a minute: only a hang takes so long, on however busy a machine. */
export async function until(holds: () => boolean): Promise<void> {
  const deadline = process.hrtime.bigint() + 30_000_000_000n;
  while (!holds()) {
    if (process.hrtime.bigint() > deadline) {
      throw new Error("what was waited for didn't happen");
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
