// A secret, which is bytes with one character each ("latin1"), character by character.
import { isUtf8 } from "node:buffer";

/** One character of a secret: its bytes, and what they mean; no text if they are no UTF-8. */
export interface Character {
  readonly bytes: string;
  readonly text: string | undefined;
}

/** The characters of bytes that are mostly UTF-8. */
export function* charactersOf(bytes: string): Generator<Character> {
  let at = 0;
  while (at < bytes.length) {
    const encoded = Buffer.from(bytes.slice(at, at + utf8Length(bytes.charCodeAt(at))), "latin1");
    const text = isUtf8(encoded) ? encoded.toString("utf8") : undefined;
    const length = text === undefined ? 1 : encoded.length;
    yield { bytes: bytes.slice(at, at + length), text };
    at += length;
  }
}

/** How long a character is that begins with `byte`; 1 also for what none begins with. */
function utf8Length(byte: number): number {
  if (byte < 0xc0) {
    return 1;
  }
  return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/** Every UTF-16 unit of `text` as `replace` has it. */
export function replaced(text: string, replace: (unit: string) => string): string {
  return text.split("").map(replace).join("");
}

export function hexadecimal(number: number, digits: number, isUpper: boolean): string {
  const text = number.toString(16).padStart(digits, "0");
  return isUpper ? text.toUpperCase() : text;
}
