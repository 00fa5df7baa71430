/** Shorter values occur by chance all over any output, and hiding them would only show where they are. */
export const SHORTEST_SECRET_BYTES = 4;

const SHORTEST_FORM_BYTES = 6;
const BASE64_PHASES = [0, 1, 2];
const UNRESERVED = /[A-Za-z0-9_.~-]/;

/**
 * Every form in which a secret is recognised: as it is, by its lines, in base64, URL and JSON.
 *
 * Forms, and secrets, are bytes with one character each ("latin1").
 */
export function spellings(secrets: Iterable<Uint8Array>): Set<string> {
  const forms = new Set<string>();
  for (const bytes of secrets) {
    const secret = Buffer.from(bytes);
    const text = secret.toString("latin1");
    for (const value of [text, trim(text), ...text.split(/\r\n|[\r\n]/)]) {
      if (value.length >= SHORTEST_SECRET_BYTES) {
        forms.add(value);
      }
    }
    if (secret.length >= SHORTEST_SECRET_BYTES) {
      for (const form of encodings(secret)) {
        if (form.length >= SHORTEST_FORM_BYTES) {
          forms.add(form);
        }
      }
    }
  }
  return forms;
}

function* encodings(secret: Buffer): Generator<string> {
  yield* base64Forms(secret);
  yield* urlForms(secret);
  const text = secret.toString("utf8");
  // What isn't UTF-8 can't be in JSON either.
  if (Buffer.from(text, "utf8").equals(secret)) {
    yield latin1(encodeURIComponent(text));
    const json = JSON.stringify(text).slice(1, -1);
    yield latin1(json);
    yield json.replace(/[^\0-~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  }
}

/**
 * Inside a longer text the secret may begin at any of three phases of base64; the characters at both ends then depend on its
 * neighbours and are left out.
 */
function* base64Forms(secret: Buffer): Generator<string> {
  const padding = "=".repeat((3 - (secret.length % 3)) % 3);
  yield secret.toString("base64");
  yield secret.toString("base64url") + padding;
  for (const phase of BASE64_PHASES) {
    const padded = Buffer.concat([Buffer.alloc(phase), secret]);
    const first = Math.ceil((phase * 4) / 3);
    const end = Math.floor((padded.length * 4) / 3);
    yield padded.toString("base64").slice(first, end);
    yield padded.toString("base64url").slice(first, end);
  }
}

function* urlForms(secret: Buffer): Generator<string> {
  for (const space of ["%20", "+"]) {
    const upper = [...secret].map((byte) => percent(byte, space)).join("");
    yield upper;
    yield upper.replace(/%../g, (escaped) => escaped.toLowerCase());
  }
}

function percent(byte: number, space: string): string {
  const character = String.fromCharCode(byte);
  if (UNRESERVED.test(character)) {
    return character;
  }
  return character === " " ? space : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

function trim(text: string): string {
  return text.replace(/^[ \t\r\n\v\f]+|[ \t\r\n\v\f]+$/g, "");
}

function latin1(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
