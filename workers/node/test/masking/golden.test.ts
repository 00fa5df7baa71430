import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Masker } from "../../src/masking/masker.js";
import { secretEncodings } from "../../src/masking/secret-encodings.js";

/** What the workers in all languages are tested with. Bytes are written as characters from U+0000 to U+00FF. */
interface Table {
  readonly forms: readonly { readonly secret: string; readonly forms: readonly string[] }[];
  readonly streams: readonly {
    readonly title: string;
    readonly secrets: readonly string[];
    readonly written: string;
    readonly shown: string;
  }[];
}

const table = JSON.parse(
  readFileSync(new URL("../../../../tests/golden/masking.json", import.meta.url), "ascii"),
) as Table;

test.each(table.forms)("the forms of $secret are those of the workers in other languages", (example) => {
  const found = [...secretEncodings([Buffer.from(example.secret, "latin1")])].sort();
  expect(found).toEqual(example.forms);
});

test.each(table.streams)("a stream is shown as by the workers in other languages: $title", (example) => {
  const written = Buffer.from(example.written, "latin1");
  const secrets = example.secrets.map((secret) => Buffer.from(secret, "latin1"));
  for (let size = 1; size <= written.length; size += 1) {
    const masker = new Masker(secrets);
    const shown: Buffer[] = [];
    for (let start = 0; start < written.length; start += size) {
      shown.push(masker.feed(written.subarray(start, start + size)));
    }
    expect(Buffer.concat([...shown, masker.finish()]).toString("latin1")).toBe(example.shown);
  }
});
