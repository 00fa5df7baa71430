import { mkdirSync, symlinkSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import {
  buildDirectory,
  fromText,
  PathEscapesError,
  resolve,
  resolveLinks,
  toText,
} from "../../src/files/paths.js";
import { scratch } from "../scratch.js";

function made(): { root: string; other: string } {
  const top = scratch();
  const root = path.join(top, "build");
  const other = path.join(top, "build-evil");
  mkdirSync(path.join(root, "d"), { recursive: true });
  mkdirSync(other);
  return { root, other };
}

test.each(["../x", "/etc/passwd", "d/../../x", "d/../x", "a\0b"])("%j is refused", (relative) => {
  const { root } = made();
  expect(() => resolve(root, relative)).toThrow(PathEscapesError);
});

test("a directory whose name begins like the build directory's is outside", () => {
  const { root, other } = made();
  symlinkSync(other, path.join(root, "link"));
  expect(() => resolve(root, "link/x")).toThrow(PathEscapesError);
  expect(() => resolveLinks(root, "link")).toThrow(PathEscapesError);
});

test("a link itself may be named, also one that leads outside: it can be removed", () => {
  const { root, other } = made();
  symlinkSync(other, path.join(root, "link"));
  expect(resolve(root, "link")).toBe(`${root}/link`);
});

test("a link that stays inside is followed, and so is a chain of them", () => {
  const { root } = made();
  symlinkSync("d", path.join(root, "one"));
  symlinkSync("./one", path.join(root, "two"));
  expect(resolveLinks(root, "two/x")).toBe(`${root}/d/x`);
});

test("links in a circle are refused", () => {
  const { root } = made();
  symlinkSync("b", path.join(root, "a"));
  symlinkSync("a", path.join(root, "b"));
  expect(() => resolveLinks(root, "a")).toThrow(PathEscapesError);
});

test("what doesn't exist yet may be named", () => {
  const { root } = made();
  expect(resolve(root, "new/deep/file")).toBe(`${root}/new/deep/file`);
  expect(resolve(root, ".")).toBe(root);
});

test.each(["", ".", "a//b", "a/../b", "..", "a\\b"])("%j is no build directory", (builddir) => {
  expect(() => buildDirectory(scratch(), builddir)).toThrow(PathEscapesError);
});

test("a build directory may have any other name", () => {
  const work = scratch();
  expect(toText(buildDirectory(work, "Straße 😀/x y"))).toBe(`${work}/Straße 😀/x y`);
  expect(fromText("é")).toHaveLength(2);
});
