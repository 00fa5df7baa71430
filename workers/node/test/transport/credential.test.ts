import { statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import {
  CredentialUnreadableError,
  loadCredential,
  storeCredential,
} from "../../src/transport/credential.js";
import { scratch } from "../scratch.js";

const CREDENTIAL = {
  workerId: "w",
  bearer: "b",
  privateKeyPem: "k",
  certificateChainPem: "",
  trustedCaPem: "",
  renewAt: 12,
};

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
