// Properties of the machine that the worker runs on, and of this program.
import { createHash } from "node:crypto";
import { readFileSync, statfsSync } from "node:fs";
import { hostname, loadavg, machine, platform } from "node:os";
import { monotonicSeconds } from "./timing.js";

/** Version of this package. */
export const VERSION = "0.1.0";

/** Program and version, as Hello says it. */
export const SOFTWARE = `buildledger-node/${VERSION}`;

/** The system's name as the protocol spells it. */
export function operatingSystem(): string {
  return platform() === "win32" ? "windows" : platform();
}

/** The processor's architecture as the kernel names it. */
export function architecture(): string {
  return machine().toLowerCase();
}

/** Identifier of this boot of the machine; differs after a reboot. */
export function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "ascii").trim();
  } catch {
    // Elsewhere the time of boot stands in for it; ten seconds of slack absorb steps of the wall clock.
    const booted = Math.floor((Date.now() / 1000 - monotonicSeconds()) / 10);
    return createHash("sha256").update(`${hostname()} ${booted}`).digest("hex");
  }
}

/** One-minute load average. */
export function loadAverage(): number | undefined {
  return loadavg()[0];
}

/** Bytes free for ordinary users where `directory` lies; 0 if that can't be learned. */
export function freeBytes(directory: string): bigint {
  try {
    const system = statfsSync(directory, { bigint: true });
    return system.bavail * system.bsize;
  } catch {
    return 0n;
  }
}
