import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { makeSigningRequest } from "../../src/transport/signing-request.js";

test("a signing request is one that OpenSSL verifies", () => {
  const { requestDer, privateKeyPem } = makeSigningRequest("worker-ä");
  const arguments_ = ["req", "-inform", "DER", "-noout", "-verify", "-subject", "-nameopt", "utf8"];
  const said = execFileSync("openssl", arguments_, { input: requestDer, stdio: ["pipe", "pipe", "ignore"] });
  expect(said.toString()).toContain("worker-ä");
  expect(privateKeyPem).toContain("PRIVATE KEY");
});
