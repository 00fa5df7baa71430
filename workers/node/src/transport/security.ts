// Checks that no credential or secret crosses a network in clear.
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { reasonOf } from "../log.js";
import type { WorkerSettings } from "../settings.js";

/** The file that --ca names can't be read, or has no certificate. */
export class CaFileUnusableError extends Error {}

/**
 * Make sure that the file of issuers, if there is one, can be used.
 *
 * @throws CaFileUnusableError it can't.
 */
export function checkCaFile(settings: WorkerSettings): void {
  if (settings.caFile === undefined) {
    return;
  }
  let text: Buffer;
  try {
    text = readFileSync(settings.caFile);
  } catch (error) {
    throw new CaFileUnusableError(`--ca: ${settings.caFile} can't be read: ${reasonOf(error)}`);
  }
  try {
    new X509Certificate(text);
  } catch (error) {
    throw new CaFileUnusableError(`--ca: ${settings.caFile} holds no PEM certificate: ${reasonOf(error)}`);
  }
}

/** The settings ask for an unencrypted connection that would leave this machine. */
export class PlainTransportRefusedError extends Error {
  constructor(readonly address: string) {
    super(
      `refusing to connect to ${address} without TLS: credentials and secrets would cross the network in clear. ` +
        "Enroll with a token that says whom to trust, name the issuer of its certificate with --ca, use --tls, " +
        "or connect to 127.0.0.1.",
    );
  }
}

/** Whether host:port can only mean this machine. */
export function isLoopback(address: string): boolean {
  if (address.startsWith("unix:")) {
    return true;
  }
  const host = address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}

/**
 * Make sure that nothing would cross a network in clear.
 *
 * @throws PlainTransportRefusedError plain transport to another machine.
 */
export function checkTransport(settings: WorkerSettings, address: string, trustedPem: string): void {
  if (!isSecured(settings, trustedPem) && !isLoopback(address)) {
    throw new PlainTransportRefusedError(address);
  }
}

/** Whether connections use TLS. */
export function isSecured(settings: WorkerSettings, trustedPem: string): boolean {
  return settings.caFile !== undefined || settings.tls || trustedPem !== "";
}
