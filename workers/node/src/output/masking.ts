import { spellings } from "./spellings.js";

const MASK = "***";
const NOTHING = Buffer.alloc(0);
const SEARCHED_HEAD = 4;

/**
 * Replaces each occurrence of each secret in one stream by `***`, whatever the borders of its chunks.
 *
 * What might be the beginning of a secret is held back until more has come or the stream has ended.
 */
export class Masker {
  readonly #forms: readonly string[];
  readonly #pattern: RegExp | undefined;
  #held = "";

  constructor(secrets: Iterable<Uint8Array>) {
    // Longest first: the pattern takes the first alternative that fits.
    this.#forms = [...spellings(secrets)].sort((one, other) => other.length - one.length);
    if (this.#forms.length > 0) {
      const alternatives = this.#forms.map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
      this.#pattern = new RegExp(alternatives.join("|"), "g");
    }
  }

  /** What can be shown after `data` has come. */
  feed(data: Buffer): Buffer {
    if (this.#pattern === undefined) {
      return data;
    }
    const held = this.#held + data.toString("latin1");
    // Everything from here on may still grow into a secret.
    const openFrom = Math.min(held.length, ...this.#forms.map((form) => overlap(held, form)));
    let shown = "";
    let done = 0;
    for (const match of held.matchAll(this.#pattern)) {
      if (match.index >= openFrom) {
        break;
      }
      shown += held.slice(done, match.index) + MASK;
      done = match.index + match[0].length;
    }
    const keep = Math.max(openFrom, done);
    shown += held.slice(done, keep);
    this.#held = held.slice(keep);
    return Buffer.from(shown, "latin1");
  }

  /** What is left at the end of the stream. */
  finish(): Buffer {
    const held = this.#held;
    this.#held = "";
    return this.#pattern === undefined ? NOTHING : Buffer.from(held.replace(this.#pattern, MASK), "latin1");
  }
}

/** Where the longest tail of `text` begins that `form` begins with; the length of `text` if none does. */
function overlap(text: string, form: string): number {
  const first = Math.max(0, text.length - form.length + 1);
  const head = form.slice(0, SEARCHED_HEAD);
  // Whole heads are found fast; only the last few positions hold less than a head.
  for (let at = text.indexOf(head, first); at >= 0; at = text.indexOf(head, at + 1)) {
    if (form.startsWith(text.slice(at))) {
      return at;
    }
  }
  for (let at = Math.max(first, text.length - head.length + 1); at < text.length; at += 1) {
    if (form.startsWith(text.slice(at))) {
      return at;
    }
  }
  return text.length;
}
