// The proof that the worker holds the key of its credential.
import { randomBytes, sign } from "node:crypto";
import type { StoredCredential } from "./credential.js";

const NONCE_BYTES = 16;

/** A signature that shows that the worker holds the key its bearer credential is bound to. Good for one call. */
export function proofOf(credential: StoredCredential): string {
  const seconds = Math.floor(Date.now() / 1000);
  const nonce = randomBytes(NONCE_BYTES).toString("base64url");
  const message = `buildledger-proof-v1\n${credential.bearer}\n${seconds}\n${nonce}`;
  const signature = sign("sha256", Buffer.from(message, "ascii"), credential.privateKeyPem);
  return `${seconds}.${nonce}.${signature.toString("base64url")}`;
}
