#!/usr/bin/env node
// The command's first lines: signals are answered from here on, and then the rest is loaded, which takes a while.
import { writeSync } from "node:fs";
import { constants } from "node:os";

const SAID = { SIGINT: "Ctrl-C", SIGTERM: "SIGTERM", SIGHUP: "SIGHUP" } as const;
/** Exit codes of what a signal ended, as shells have them: this and its number. */
const EXIT_OFFSET = 128;

for (const [signal, said] of Object.entries(SAID) as [keyof typeof SAID, string][]) {
  process.on(signal, () => {
    if (process.listenerCount(signal) > 1) {
      return; // the worker's own
    }
    try {
      writeSync(process.stderr.fd, `\nStopped by ${said}.\n`);
    } catch {
      // Nobody reads it.
    }
    process.exit(EXIT_OFFSET + constants.signals[signal]);
  });
}

const { main } = await import("./command.js");
await main();
