import { execFileSync } from "node:child_process";
import { createPublicKey, verify } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import type { WorkerSettings } from "../../src/settings.js";
import { Backoff } from "../../src/transport/backoff.js";
import {
  CredentialUnreadableError,
  loadCredential,
  storeCredential,
} from "../../src/transport/credential.js";
import { trustedBy } from "../../src/transport/enrollment.js";
import { proofOf } from "../../src/transport/proof.js";
import { checkTransport, isLoopback, PlainTransportRefusedError } from "../../src/transport/security.js";
import { makeSigningRequest } from "../../src/transport/signing-request.js";
import { scratch } from "../scratch.js";

const CREDENTIAL = {
  workerId: "w",
  bearer: "b",
  privateKeyPem: "k",
  certificateChainPem: "",
  trustedCaPem: "",
  renewAt: 12,
};

const SETTINGS: WorkerSettings = {
  server: "127.0.0.1:1",
  name: "w",
  stateDirectory: "/nowhere",
  workDirectory: "/nowhere",
  labels: {},
  capacity: 1,
  tls: false,
  spoolBytes: 1,
};

test.each([
  ["127.0.0.1:1", true],
  ["127.9.9.9:1", true],
  ["[::1]:1", true],
  ["localhost:1", true],
  ["localhost.example:1", false],
  ["127.0.0.1.example:1", false],
  ["10.0.0.1:1", false],
])("%s is this machine: %s", (address, expected) => {
  expect(isLoopback(address)).toBe(expected);
});

test("plain text goes to this machine only", () => {
  expect(() => checkTransport(SETTINGS, "ci.example.org:8011", "")).toThrow(PlainTransportRefusedError);
  expect(() => checkTransport({ ...SETTINGS, tls: true }, "ci.example.org:8011", "")).not.toThrow();
  expect(() => checkTransport(SETTINGS, "ci.example.org:8011", "an issuer")).not.toThrow();
  expect(() => checkTransport(SETTINGS, "127.0.0.1:8011", "")).not.toThrow();
});

test("a proof is signed by the key that stays here, and is another one each time", () => {
  const { privateKeyPem } = makeSigningRequest("w");
  const credential = { ...CREDENTIAL, privateKeyPem };
  const [seconds, nonce, signature] = proofOf(credential).split(".");
  const message = Buffer.from(`buildledger-proof-v1\nb\n${seconds}\n${nonce}`);
  const signed = Buffer.from(signature ?? "", "base64url");
  expect(verify("sha256", message, createPublicKey(privateKeyPem), signed)).toBe(true);
  expect(proofOf(credential)).not.toBe(proofOf(credential));
});

test("a token that lost its end is called damaged", () => {
  expect(trustedBy({ ...SETTINGS, enrollmentToken: "ble_1" })).toBe("");
  expect(() => trustedBy({ ...SETTINGS, enrollmentToken: "ble_1.MIIB" })).toThrow(/copy all of it/);
});

test("the first retry comes soon, later ones ever more slowly up to a minute, and a success begins anew", () => {
  const backoff = new Backoff(() => 0.5);
  const delays = Array.from({ length: 15 }, () => backoff.nextDelay());
  expect(delays).toEqual([0.125, 0.5, 0.5, 1, 1, 1, 2, 2, 2, 4, 8, 16, 30, 30, 30]);
  backoff.succeeded();
  expect(backoff.nextDelay()).toBe(0.125);
  expect(backoff.slowestDelay()).toBe(45);
});

test("a credential is kept where only its user can read it", () => {
  const directory = scratch();
  expect(loadCredential(directory)).toBeUndefined();
  storeCredential(directory, CREDENTIAL);
  expect(loadCredential(directory)).toEqual(CREDENTIAL);
  expect(statSync(path.join(directory, "credential.json")).mode & 0o777).toBe(0o600);
});

test.each(["", "{}", '{"workerId": 1}', "null"])("a credential file with %j is called damaged", (text) => {
  const directory = scratch();
  writeFileSync(path.join(directory, "credential.json"), text);
  expect(() => loadCredential(directory)).toThrow(CredentialUnreadableError);
});

test("a signing request is one that OpenSSL verifies", () => {
  const { requestDer, privateKeyPem } = makeSigningRequest("worker-ä");
  const arguments_ = ["req", "-inform", "DER", "-noout", "-verify", "-subject", "-nameopt", "utf8"];
  const said = execFileSync("openssl", arguments_, { input: requestDer, stdio: ["pipe", "pipe", "ignore"] });
  expect(said.toString()).toContain("worker-ä");
  expect(privateKeyPem).toContain("PRIVATE KEY");
});
