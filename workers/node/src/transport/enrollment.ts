// Enrolls a worker by a one-use token, and renews its credential.
import { X509Certificate } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { Metadata, status } from "@grpc/grpc-js";
import { architecture, operatingSystem, SOFTWARE } from "../host-info.js";
import { log } from "../log.js";
import { type Credential, Enrollment, EnrollRequestSchema, RotateRequestSchema } from "../proto/worker_pb.js";
import type { WorkerSettings } from "../settings.js";
import { type StoredCredential, storeCredential } from "./credential.js";
import { callUnary, isServiceError } from "./rpc.js";
import { makeSigningRequest } from "./signing-request.js";
import { callMetadata, connect } from "./transport.js";

const CALL_SECONDS = 30;

// Trying again with the same token can't succeed after one of these.
const REFUSALS = new Set([
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
  status.ALREADY_EXISTS,
  status.INVALID_ARGUMENT,
  status.UNIMPLEMENTED,
]);

/** The server doesn't take the token or the name; a person must act. */
export class EnrollmentRefusedError extends Error {
  constructor(
    readonly workerName: string,
    readonly detail: string,
  ) {
    super(`the server refused to enrol ${workerName}: ${detail}`);
  }
}

/**
 * Use up `token` and store the credential it gives.
 *
 * @throws EnrollmentRefusedError the token or the name isn't taken.
 * @throws ServiceError the server can't be reached; trying again may help.
 */
export async function enroll(settings: WorkerSettings, token: string): Promise<StoredCredential> {
  const { privateKeyPem, requestDer } = makeSigningRequest(settings.name);
  const request = create(EnrollRequestSchema, {
    token: token.split(".")[0] ?? "",
    name: settings.name,
    csrDer: requestDer,
    os: operatingSystem(),
    arch: architecture(),
    software: SOFTWARE,
  });
  const client = connect(settings, settings.enrollAt ?? settings.server, undefined, trustedBy(settings));
  try {
    const answer = await callUnary(client, Enrollment.method.enroll, request, new Metadata(), CALL_SECONDS);
    const credential = storedCredentialOf(answer.credential, privateKeyPem);
    storeCredential(settings.stateDirectory, credential);
    log.info(`enrolled as ${settings.name}`);
    return credential;
  } catch (error) {
    if (isServiceError(error) && REFUSALS.has(error.code)) {
      throw new EnrollmentRefusedError(settings.name, error.details || status[error.code]);
    }
    throw error;
  } finally {
    client.close();
  }
}

/**
 * Replace `credential` by its successor and store that.
 *
 * @throws ServiceError refused or unreachable; the old credential stands.
 */
export async function rotate(
  settings: WorkerSettings,
  credential: StoredCredential,
): Promise<StoredCredential> {
  const { privateKeyPem, requestDer } = makeSigningRequest(settings.name);
  const request = create(RotateRequestSchema, { csrDer: requestDer });
  const client = connect(settings, settings.server, credential);
  try {
    const metadata = callMetadata(credential);
    const answer = await callUnary(client, Enrollment.method.rotate, request, metadata, CALL_SECONDS);
    const renewed = storedCredentialOf(answer.credential, privateKeyPem);
    storeCredential(settings.stateDirectory, renewed);
    return renewed;
  } finally {
    client.close();
  }
}

/**
 * The issuer that the enrollment token says is to be trusted, PEM; empty if it says nothing.
 *
 * @throws EnrollmentRefusedError the token was damaged on its way.
 */
export function trustedBy(settings: WorkerSettings): string {
  const issuer = settings.enrollmentToken?.split(".")[1];
  if (issuer === undefined) {
    return "";
  }
  try {
    return new X509Certificate(Buffer.from(issuer, "base64url")).toString();
  } catch {
    throw new EnrollmentRefusedError(settings.name, "the token isn't whole: copy all of it");
  }
}

function storedCredentialOf(credential: Credential | undefined, privateKeyPem: string): StoredCredential {
  if (credential === undefined || credential.bearer === "") {
    throw new Error("the server's answer holds no credential");
  }
  return {
    workerId: credential.workerId,
    bearer: credential.bearer,
    privateKeyPem,
    certificateChainPem: Buffer.from(credential.certificateChainPem).toString("utf8"),
    trustedCaPem: Buffer.from(credential.trustedCaPem).toString("utf8"),
    ...(credential.notAfter && { notAfter: Number(credential.notAfter.seconds) }),
    ...(credential.renewAt && { renewAt: Number(credential.renewAt.seconds) }),
  };
}
