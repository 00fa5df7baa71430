// Makes certificate signing requests, which Node.js can't.
import { generateKeyPairSync, sign } from "node:crypto";

const SEQUENCE = 0x30;
const SET = 0x31;
const UTF8_STRING = 0x0c;
const BIT_STRING = 0x03;
const ATTRIBUTES = 0xa0;
const VERSION_1 = Buffer.from("020100", "hex");
const COMMON_NAME = Buffer.from("0603550403", "hex");
const ECDSA_WITH_SHA256 = Buffer.from("06082a8648ce3d040302", "hex");

/** A private key and a request to certify it. */
export interface SigningRequest {
  readonly privateKeyPem: string;
  /** PKCS#10 (RFC 2986) in DER. */
  readonly requestDer: Buffer;
}

/** A new P-256 key and a certificate request for it under `name`. */
export function makeSigningRequest(name: string): SigningRequest {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const subject = der(
    SEQUENCE,
    der(SET, der(SEQUENCE, COMMON_NAME, der(UTF8_STRING, Buffer.from(name, "utf8")))),
  );
  const information = der(
    SEQUENCE,
    VERSION_1,
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(ATTRIBUTES),
  );
  const signature = sign("sha256", information, privateKey);
  return {
    privateKeyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    requestDer: der(
      SEQUENCE,
      information,
      der(SEQUENCE, ECDSA_WITH_SHA256),
      der(BIT_STRING, Buffer.of(0), signature),
    ),
  };
}

/** One DER value of at most 64 KiB. */
function der(tag: number, ...content: Buffer[]): Buffer {
  const body = Buffer.concat(content);
  if (body.length < 0x80) {
    return Buffer.concat([Buffer.of(tag, body.length), body]);
  }
  const length = body.length < 0x100 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), body]);
}
