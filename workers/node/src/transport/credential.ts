// The worker's credential on disk.
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { systemCode } from "../log.js";

const FILE_NAME = "credential.json";
const PRIVATE = 0o600;

/** What the server issued, and the private key that stays here. Times are seconds since 1970; absent means never. */
export interface StoredCredential {
  readonly workerId: string;
  readonly bearer: string;
  readonly privateKeyPem: string;
  readonly certificateChainPem: string;
  readonly trustedCaPem: string;
  readonly notAfter?: number;
  readonly renewAt?: number;
}

/** Whether a credential isn't accepted any more, by this machine's clock. */
export function hasExpired(credential: StoredCredential | undefined): boolean {
  return credential?.notAfter !== undefined && Date.now() / 1000 >= credential.notAfter;
}

/** The credential file can't be understood. */
export class CredentialUnreadableError extends Error {
  constructor(readonly file: string) {
    super(`${file} is damaged: remove it and enrol the worker again with a fresh token`);
  }
}

/**
 * The stored credential, or undefined if the worker was never enrolled.
 *
 * @throws CredentialUnreadableError the file is damaged.
 */
export function loadCredential(stateDirectory: string): StoredCredential | undefined {
  const file = path.join(stateDirectory, FILE_NAME);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") {
      return undefined;
    }
    throw error;
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CredentialUnreadableError(file);
  }
  if (!isCredential(value)) {
    throw new CredentialUnreadableError(file);
  }
  return value;
}

/** Replace the stored credential in one step; durable when this returns. */
export function storeCredential(stateDirectory: string, credential: StoredCredential): void {
  const file = path.join(stateDirectory, FILE_NAME);
  const temporary = `${file}.new`;
  rmSync(temporary, { force: true });
  // Private from its first byte on, whatever the umask.
  const descriptor = openSync(temporary, "wx", PRIVATE);
  try {
    writeSync(descriptor, JSON.stringify(credential));
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
  syncDirectory(stateDirectory);
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function isCredential(value: unknown): value is StoredCredential {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  const fields: Record<string, unknown> = { ...value };
  const texts = ["workerId", "bearer", "privateKeyPem", "certificateChainPem", "trustedCaPem"];
  const times = [fields.notAfter, fields.renewAt];
  return (
    texts.every((name) => typeof fields[name] === "string") &&
    times.every((time) => time === undefined || typeof time === "number")
  );
}
