// Masks secrets in a stream of output.
import { SHORTEST_SECRET_BYTES, secretEncodings } from "./secret-encodings.js";

const MASK = "***";
const NOTHING = Buffer.alloc(0);

/**
 * Replaces each occurrence of each secret in one stream by `***`, whatever the borders of its chunks.
 *
 * What might be the beginning of a secret is held back until more has come or the stream has ended. Of forms that begin at the
 * same place the longest is taken.
 */
export class Masker {
  // By their heads, which are their first bytes; longest first.
  readonly #forms = new Map<string, string[]>();
  readonly #heads: RegExp | undefined;
  #held = "";

  constructor(secrets: Iterable<Uint8Array>) {
    for (const form of [...secretEncodings(secrets)].sort((one, other) => other.length - one.length)) {
      const head = form.slice(0, SHORTEST_SECRET_BYTES);
      this.#forms.set(head, [...(this.#forms.get(head) ?? []), form]);
    }
    if (this.#forms.size > 0) {
      // A pattern of heads only: secrets of kilobytes would make one of megabytes.
      const alternatives = [...this.#forms.keys()].map((head) =>
        head.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"),
      );
      this.#heads = new RegExp(alternatives.join("|"), "g");
    }
  }

  /** The output that can be passed on after `data` was written. */
  feed(data: Buffer): Buffer {
    if (this.#heads === undefined) {
      return data;
    }
    const held = this.#held + data.toString("latin1");
    // Everything from here on may still grow into a secret.
    let openFrom = held.length;
    for (const form of [...this.#forms.values()].flat()) {
      openFrom = Math.min(openFrom, overlap(held, form));
    }
    const { shown, done } = this.#masked(this.#heads, held, openFrom);
    const keep = Math.max(openFrom, done);
    this.#held = held.slice(keep);
    return Buffer.from(shown + held.slice(done, keep), "latin1");
  }

  /** The rest of the output, at the end of the stream. */
  finish(): Buffer {
    if (this.#heads === undefined) {
      return NOTHING;
    }
    const held = this.#held;
    this.#held = "";
    const { shown, done } = this.#masked(this.#heads, held, held.length);
    return Buffer.from(shown + held.slice(done), "latin1");
  }

  /** What is shown of `text` through the last secret that begins before `end`, and where that one ends. */
  #masked(heads: RegExp, text: string, end: number): { readonly shown: string; readonly done: number } {
    let shown = "";
    let done = 0;
    heads.lastIndex = 0;
    for (let found = heads.exec(text); found !== null && found.index < end; found = heads.exec(text)) {
      const { index } = found;
      const form = this.#forms.get(found[0])?.find((each) => text.startsWith(each, index));
      if (form !== undefined) {
        shown += text.slice(done, index) + MASK;
        done = index + form.length;
      }
      heads.lastIndex = form === undefined ? index + 1 : done;
    }
    return { shown, done };
  }
}

/** Where the longest tail of `text` begins that `form` begins with; the length of `text` if none does. */
function overlap(text: string, form: string): number {
  const first = Math.max(0, text.length - form.length + 1);
  const head = form.slice(0, SHORTEST_SECRET_BYTES);
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
