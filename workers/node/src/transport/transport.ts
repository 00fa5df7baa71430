// Connections to the server, and what proves on them who calls.
import { readFileSync } from "node:fs";
import { type ChannelCredentials, type ChannelOptions, Client, credentials, Metadata } from "@grpc/grpc-js";
import type { WorkerSettings } from "../settings.js";
import type { StoredCredential } from "./credential.js";
import { proofOf } from "./proof.js";
import { checkTransport, isSecured } from "./security.js";

/** Largest message the worker accepts. */
export const RECEIVE_LIMIT_BYTES = 1 << 20;

const OPTIONS: ChannelOptions = {
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.keepalive_permit_without_calls": 1,
  "grpc.max_receive_message_length": RECEIVE_LIMIT_BYTES,
  "grpc.max_send_message_length": RECEIVE_LIMIT_BYTES,
  // Each client connects anew: a shared connection would hand on the back-off of the one before.
  "grpc.use_local_subchannel_pool": 1,
  "grpc.enable_retries": 0,
};

/**
 * A client on a connection of its own to `address`, which connects on first use. To be closed.
 *
 * `trustedPem` is trusted beside what the credential says; see `WorkerSettings` for what counts first.
 *
 * @throws PlainTransportRefusedError plain transport to another machine.
 */
export function connect(
  settings: WorkerSettings,
  address: string,
  credential: StoredCredential | undefined,
  trustedPem = "",
): Client {
  const trusted = `${trustedPem}${credential?.trustedCaPem ?? ""}`;
  checkTransport(settings, address, trusted);
  if (isSecured(settings, trusted)) {
    return new Client(address, tlsCredentials(settings, credential, trusted), OPTIONS);
  }
  // What goes to this machine must not go through a proxy, whatever the environment says.
  return new Client(address, credentials.createInsecure(), { ...OPTIONS, "grpc.enable_http_proxy": 0 });
}

/** Metadata that proves who calls. Good for one call. */
export function callMetadata(credential: StoredCredential | undefined): Metadata {
  const metadata = new Metadata();
  if (credential !== undefined) {
    metadata.set("authorization", `Bearer ${credential.bearer}`);
    metadata.set("buildledger-proof", proofOf(credential));
  }
  return metadata;
}

function tlsCredentials(
  settings: WorkerSettings,
  credential: StoredCredential | undefined,
  trusted: string,
): ChannelCredentials {
  const configured = settings.caFile === undefined ? "" : readFileSync(settings.caFile, "utf8");
  const areGiven = settings.caFile !== undefined || !settings.tls;
  const issuers = areGiven ? Buffer.from(`${configured}\n${trusted}`) : null;
  const chain = credential?.certificateChainPem ?? "";
  return chain === "" || credential === undefined
    ? credentials.createSsl(issuers)
    : credentials.createSsl(issuers, Buffer.from(credential.privateKeyPem), Buffer.from(chain));
}
