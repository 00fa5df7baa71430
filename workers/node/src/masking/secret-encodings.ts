// All forms in which a secret is recognised: as it is, by its lines, and as programs encode and quote it.
import { isUtf8 } from "node:buffer";
import { type Character, charactersOf, hexadecimal, replaced } from "./secret-characters.js";
import { inHexadecimal, inHtml, inPython, inShells } from "./secret-quoting.js";

/** Shorter values occur by chance all over any output, and masking them would only show where they are. */
export const SHORTEST_SECRET_BYTES = 4;

/** A line of a longer secret has to be longer than a word, or the same word would be masked everywhere. */
const SHORTEST_LINE_BYTES = 8;
/** Of a secret with more lines than a key or a certificate has, only the plain ones are looked for. */
const ENCODED_LINES = 100;
const SHORTEST_FORM_BYTES = 6;
const BASE64_PHASES = [0, 1, 2];
// Tools break lines of base64 here: MIME, and PEM.
const BASE64_LINES = [76, 64];
const ALPHANUMERIC = /[A-Za-z0-9]/;
// What encoders of URLs leave as it is beside letters and digits: strict ones, encodeURIComponent, encodeURI, those of
// paths, those of parts of paths, and those of forms.
const URL_SAFE = ["-._~", "-._~!*'()", "-._~!*'();/?:@&=+$,#", "-._~/", "-._~$&+=:@", "-._*"];
const LINE_ENDS = "\u2028\u2029";
// What some writers of JSON escape without need: nothing, what could end a script in HTML, the same with more characters, and what
// .NET escapes.
const JSON_ESCAPED = ["", `<>&${LINE_ENDS}`, `<>&='${LINE_ENDS}`, `"<>&'+\`\x7f${LINE_ENDS}`];
const JSON_SHORT: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};
const FIRST_PRINTED = 0x20;
// From here on some writers escape every character: those that count DEL as printable, those that don't, and those that write
// UTF-8 and escape none.
const JSON_ESCAPED_FROM = [0x80, 0x7f, Number.POSITIVE_INFINITY];

/**
 * Every form in which a secret is recognised: as it is, by its lines, encoded and quoted.
 *
 * Forms, and secrets, are bytes with one character each ("latin1"). The workers in other languages make the same forms;
 * `tests/golden/masking.json` has examples that all of them are tested with.
 */
export function secretEncodings(secrets: Iterable<Uint8Array>): Set<string> {
  const forms = new Set<string>();
  for (const bytes of secrets) {
    const secret = Buffer.from(bytes).toString("latin1");
    const whole = [secret, trim(secret)].filter((value) => value.length >= SHORTEST_SECRET_BYTES);
    const lines = linesOf(secret);
    for (const value of [...whole, ...lines]) {
      forms.add(value);
    }
    for (const value of new Set([...whole, ...(lines.size <= ENCODED_LINES ? lines : [])])) {
      for (const form of encodings(value)) {
        if (form.length >= SHORTEST_FORM_BYTES) {
          forms.add(form);
        }
      }
    }
  }
  return forms;
}

function* encodings(secret: string): Generator<string> {
  yield* inBase64(Buffer.from(secret, "latin1"));
  yield* inUrls(secret);
  yield* inJson(secret);
  yield* inHexadecimal(secret);
  yield* inHtml(secret);
  yield* inShells(secret);
  yield* inPython(secret);
  yield* inUtf16(secret);
  yield* withOtherLineEnds(secret);
}

/** The lines of a secret of several lines that are long enough, as they are and trimmed. */
function linesOf(secret: string): Set<string> {
  const lines = secret.split(/[\r\n]/).filter((line) => line !== "");
  const values = lines.length > 1 ? lines.flatMap((line) => [line, trim(line)]) : [];
  return new Set(values.filter((line) => line.length >= SHORTEST_LINE_BYTES));
}

/**
 * Inside a longer text the secret may begin at any of three phases of base64; the characters at both ends then depend on its
 * neighbours and are left out.
 */
function* inBase64(secret: Buffer): Generator<string> {
  for (const isForUrls of [false, true]) {
    const encode = (bytes: Buffer): string => {
      const text = bytes.toString("base64");
      return isForUrls ? text.replaceAll("+", "-").replaceAll("/", "_") : text;
    };
    const whole = encode(secret);
    yield whole;
    for (const width of BASE64_LINES) {
      for (let start = 0; start < whole.length; start += width) {
        yield whole.slice(start, start + width);
      }
    }
    for (const phase of BASE64_PHASES) {
      const padded = Buffer.concat([Buffer.alloc(phase), secret]);
      yield encode(padded).slice(Math.ceil((phase * 4) / 3), Math.floor((padded.length * 4) / 3));
    }
  }
}

/** As programs of Windows write text, in either order of bytes. */
function* inUtf16(secret: string): Generator<string> {
  const bytes = Buffer.from(secret, "latin1");
  if (!isUtf8(bytes)) {
    return;
  }
  const little = Buffer.from(bytes.toString("utf8"), "utf16le");
  yield little.toString("latin1");
  yield little.swap16().toString("latin1");
}

/** A secret of several lines after a terminal, or a program of another system, has ended them in its own way. */
function* withOtherLineEnds(secret: string): Generator<string> {
  const plain = secret.replaceAll(/\r\n|\r/g, "\n");
  if (plain.includes("\n")) {
    yield plain;
    yield plain.replaceAll("\n", "\r\n");
  }
}

function* inUrls(secret: string): Generator<string> {
  for (const safe of URL_SAFE) {
    for (const space of ["%20", "+"]) {
      for (const isUpper of [true, false]) {
        yield replaced(secret, (character) => {
          if (character === " ") {
            return space;
          }
          const isLeft = ALPHANUMERIC.test(character) || safe.includes(character);
          return isLeft ? character : `%${hexadecimal(character.charCodeAt(0), 2, isUpper)}`;
        });
      }
    }
  }
}

/** How one kind of writer puts characters into a JSON string. */
interface JsonStyle {
  readonly escaped: string;
  readonly isUpper: boolean;
  readonly slash: string;
  readonly isShort: boolean;
  readonly escapedFrom: number;
}

function* inJson(secret: string): Generator<string> {
  const characters = [...charactersOf(secret)];
  for (const escaped of JSON_ESCAPED) {
    for (const isUpper of [true, false]) {
      for (const slash of ["/", "\\/"]) {
        for (const isShort of [true, false]) {
          for (const escapedFrom of JSON_ESCAPED_FROM) {
            const style = { escaped, isUpper, slash, isShort, escapedFrom };
            yield characters.map((character) => inJsonString(character, style)).join("");
          }
        }
      }
    }
  }
}

function inJsonString({ bytes, text }: Character, style: JsonStyle): string {
  const escaped = (unit: number): string => `\\u${hexadecimal(unit, 4, style.isUpper)}`;
  if (text === undefined) {
    // As a lone surrogate, which is how bytes that are no UTF-8 are usually carried in text.
    return style.escapedFrom < Number.POSITIVE_INFINITY ? escaped(0xdc00 + bytes.charCodeAt(0)) : bytes;
  }
  const short = style.isShort ? JSON_SHORT[text] : undefined;
  if (short !== undefined) {
    return short;
  }
  const code = text.charCodeAt(0);
  if (code < FIRST_PRINTED || code >= style.escapedFrom || style.escaped.includes(text)) {
    return replaced(text, (unit) => escaped(unit.charCodeAt(0)));
  }
  if (text === '"' || text === "\\") {
    return `\\${text}`;
  }
  return text === "/" ? style.slash : bytes;
}

function trim(text: string): string {
  return text.replace(/^[ \t\r\n\v\f]+|[ \t\r\n\v\f]+$/g, "");
}
