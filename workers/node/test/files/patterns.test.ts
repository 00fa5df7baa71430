import { expect, test } from "vitest";
import { matches } from "../../src/files/patterns.js";

test.each([
  ["*.txt", "a.txt", true],
  ["*.txt", "a.txt.gz", false],
  ["?", "😀", true],
  ["a?c", "ac", false],
  ["[a-c]x", "bx", true],
  ["[!a-c]x", "bx", false],
  ["[]]", "]", true],
  ["[^a]", "^", true],
  ["[z-a]", "m", false],
  ["[!z-a]", "m", true],
  ["[", "[", true],
  ["a.b", "axb", false],
  ["KIT_*", "KIT_", true],
  ["*", "two\nlines", true],
  ["{a,b}$(1)+|^", "{a,b}$(1)+|^", true],
])("%j on %j: %s", (pattern, name, expected) => {
  expect(matches(name, pattern)).toBe(expected);
});
