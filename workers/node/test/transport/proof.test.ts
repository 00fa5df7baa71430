import { createPublicKey, verify } from "node:crypto";
import { expect, test } from "vitest";
import { proofOf } from "../../src/transport/proof.js";
import { makeSigningRequest } from "../../src/transport/signing-request.js";

const CREDENTIAL = {
  workerId: "w",
  bearer: "b",
  certificateChainPem: "",
  trustedCaPem: "",
};

test("a proof is signed by the key that stays here, and is another one each time", () => {
  const { privateKeyPem } = makeSigningRequest("w");
  const credential = { ...CREDENTIAL, privateKeyPem };
  const [seconds, nonce, signature] = proofOf(credential).split(".");
  const message = Buffer.from(`buildledger-proof-v1\nb\n${seconds}\n${nonce}`);
  const signed = Buffer.from(signature ?? "", "base64url");
  expect(verify("sha256", message, createPublicKey(privateKeyPem), signed)).toBe(true);
  expect(proofOf(credential)).not.toBe(proofOf(credential));
});
