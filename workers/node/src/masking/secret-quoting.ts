// How HTML, shells and Python write a secret, and how it looks in hexadecimal.
// Secrets and forms are bytes with one character each ("latin1").
import { type Character, charactersOf, hexadecimal, replaced } from "./secret-characters.js";

const FIRST_PRINTED = 0x20;
const DEL = 0x7f;

/** In small and in capital letters. */
export function* inHexadecimal(secret: string): Generator<string> {
  const lower = Buffer.from(secret, "latin1").toString("hex");
  yield lower;
  yield lower.toUpperCase();
}

// How writers of HTML escape quotes: not at all, or by name or number.
const HTML_QUOTES = ['"', "&quot;", "&#34;"];
const HTML_APOSTROPHES = ["'", "&#39;", "&#x27;", "&#039;", "&apos;"];

/** As text or as the value of an attribute. */
export function* inHtml(secret: string): Generator<string> {
  const escaped = secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  for (const quote of HTML_QUOTES) {
    for (const apostrophe of HTML_APOSTROPHES) {
      yield escaped.replaceAll('"', quote).replaceAll("'", apostrophe);
    }
  }
}

// What shells escape with a backslash: inside of double quotes, bash's `printf %q`, and the same with the comma.
const SHELL_ESCAPED = ['\\"$`', " \t!\"$&'()*;<>?[\\]^`{|}", " \t!\"$&'()*,;<>?[\\]^`{|}"];
const SHELL_SHORT: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\x1b": "\\E",
  "'": "\\'",
  "\\": "\\\\",
};
// $'…': control characters by name or in octal; what isn't ASCII stands as it is, or in octal too.
const OCTAL_FROM = [0x100, 0x80];

/** Inside of single and double quotes, with backslashes, and as `$'…'`. */
export function* inShells(secret: string): Generator<string> {
  yield secret.replaceAll("'", "'\\''");
  yield secret.replaceAll("'", `'"'"'`);
  for (const escaped of SHELL_ESCAPED) {
    yield replaced(secret, (unit) => (escaped.includes(unit) ? `\\${unit}` : unit));
  }
  for (const from of OCTAL_FROM) {
    yield replaced(secret, (unit) => {
      const code = unit.charCodeAt(0);
      const isOctal = code < FIRST_PRINTED || code === DEL || code >= from;
      return SHELL_SHORT[unit] ?? (isOctal ? `\\${code.toString(8).padStart(3, "0")}` : unit);
    });
  }
}

const PYTHON_SHORT: Readonly<Record<string, string>> = {
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\\": "\\\\",
};
const LAST_UNPRINTED = 0xa0;
const SOFT_HYPHEN = 0xad;
const PYTHON_ESCAPED_FROM = [Number.POSITIVE_INFINITY, DEL];

/** As `repr` writes text, `ascii` does, and `repr` writes bytes; each with `'` as it is, or escaped. */
export function* inPython(secret: string): Generator<string> {
  const characters = [...charactersOf(secret)];
  for (const apostrophe of ["'", "\\'"]) {
    for (const from of PYTHON_ESCAPED_FROM) {
      const written = characters.map((character) => inPythonString(character, from)).join("");
      yield written.replaceAll("'", apostrophe);
    }
    const written = replaced(secret, (unit) => {
      const code = unit.charCodeAt(0);
      return (
        PYTHON_SHORT[unit] ??
        (code >= FIRST_PRINTED && code < DEL ? unit : `\\x${hexadecimal(code, 2, false)}`)
      );
    });
    yield written.replaceAll("'", apostrophe);
  }
}

function inPythonString({ bytes, text }: Character, from: number): string {
  if (text === undefined) {
    // As a lone surrogate, which is how bytes that are no UTF-8 are usually carried in text.
    return from < Number.POSITIVE_INFINITY
      ? `\\u${hexadecimal(0xdc00 + bytes.charCodeAt(0), 4, false)}`
      : bytes;
  }
  const short = PYTHON_SHORT[text];
  if (short !== undefined) {
    return short;
  }
  const code = text.codePointAt(0) ?? 0;
  const isUnprinted = code >= DEL && code <= LAST_UNPRINTED;
  if (code >= FIRST_PRINTED && code < from && !isUnprinted && code !== SOFT_HYPHEN) {
    return bytes;
  }
  if (code <= 0xff) {
    return `\\x${hexadecimal(code, 2, false)}`;
  }
  return code <= 0xffff ? `\\u${hexadecimal(code, 4, false)}` : `\\U${hexadecimal(code, 8, false)}`;
}
