import { expect, test } from "vitest";
import { Masker } from "../../src/masking/masker.js";

const SECRET = 'p$s/w"4?&p é';

function masked(secrets: string[], chunks: Iterable<Uint8Array>): string {
  const masker = new Masker(secrets.map((each) => Buffer.from(each)));
  const shown = [...chunks].map((chunk) => masker.feed(Buffer.from(chunk)));
  return Buffer.concat([...shown, masker.finish()]).toString();
}

test.each([1, 2, 3, 5, 7, 100])("a secret is masked in chunks of %i bytes", (size) => {
  const bytes = Buffer.from(`before ${SECRET}${SECRET} after`);
  const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.subarray(index * size, (index + 1) * size),
  );
  expect(masked([SECRET], chunks)).toBe("before ****** after");
});

test.each([
  ["base64", (text: string) => Buffer.from(text).toString("base64")],
  ["base64 of another alphabet", (text: string) => Buffer.from(text).toString("base64url")],
  ["a URL", encodeURIComponent],
  ["a form", (text: string) => new URLSearchParams([["", text]]).toString().slice(1)],
  ["JSON", JSON.stringify],
  ["JSON in ASCII", (text: string) => JSON.stringify(text).replace("é", "\\u00e9")],
])("a secret is masked in %s", (_form, encode) => {
  expect(masked([SECRET], [Buffer.from(`<${encode(SECRET)}>`)])).toMatch(/^<.{0,3}\*\*\*.{0,4}>$/);
});

test.each(["", "u", "us", "use"])("a secret is masked inside of base64, after %j", (prefix) => {
  const encoded = Buffer.from(`${prefix}hush-hush-42:rest`).toString("base64");
  const kept = Buffer.from("hush-hush-42").toString("base64").slice(4, 12);
  const shown = masked(["hush-hush-42"], [Buffer.from(encoded)]);
  expect(shown).toContain("***");
  expect(shown).not.toContain(kept);
});

test("each line of a secret of several lines is masked by itself", () => {
  expect(masked(["-----KEY-----\nabcdefgh\n"], [Buffer.from("  abcdefgh  ")])).toBe("  ***  ");
});

test("what only looks like the beginning of a secret is shown", () => {
  const chunks = ["hush-hush-4", "3 hush-hus"].map((text) => Buffer.from(text));
  expect(masked(["hush-hush-42"], chunks)).toBe("hush-hush-43 hush-hus");
});

test("values too short to be told from ordinary text are left alone", () => {
  expect(masked(["abc"], [Buffer.from("abcabc")])).toBe("abcabc");
});
