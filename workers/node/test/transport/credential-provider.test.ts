import { expect, test } from "vitest";
import { storeCredential } from "../../src/transport/credential.js";
import { CredentialProvider } from "../../src/transport/credential-provider.js";
import { settingsIn } from "../attempts.js";
import { scratch } from "../scratch.js";

const CREDENTIAL = {
  workerId: "w",
  bearer: "b",
  privateKeyPem: "k",
  certificateChainPem: "",
  trustedCaPem: "",
};

const NEVER = new AbortController().signal;

test("a stored credential that is still good is used, and no token is needed", async () => {
  const settings = settingsIn(scratch());
  storeCredential(settings.stateDirectory, { ...CREDENTIAL, notAfter: Date.now() / 1000 + 60 });
  const used: (string | undefined)[] = [];
  const provider = new CredentialProvider(settings, (credential) => used.push(credential?.workerId));
  await provider.ensureEnrolled(NEVER);
  expect(used).toEqual(["w"]);
  expect(provider.hasExpired).toBe(false);
});

test("a credential whose time is over has expired", () => {
  const settings = settingsIn(scratch());
  storeCredential(settings.stateDirectory, { ...CREDENTIAL, notAfter: Date.now() / 1000 - 1 });
  expect(new CredentialProvider(settings, () => undefined).hasExpired).toBe(true);
});

test("who speaks in clear to a server that cuts the connection is told what to try", () => {
  const settings = settingsIn(scratch());
  const reason = "No connection established. Last error: Failed to connect. Resolution note: ";
  const said = new CredentialProvider(settings, () => undefined).explained(reason);
  expect(said).toMatch(/Failed to connect \(in clear: .*--tls\)$/);
  const overTls = new CredentialProvider({ ...settings, tls: true }, () => undefined).explained(reason);
  expect(overTls).toMatch(/Failed to connect$/);
});
