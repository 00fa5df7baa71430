import { existsSync, mkdirSync, renameSync, symlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { type OpenDirectory, type WalkOptions, withOpened } from "../../src/files/contained.js";
import {
  type BuildDirectory,
  buildDirectory,
  fromText,
  PathEscapesError,
  toText,
} from "../../src/files/paths.js";
import { scratch } from "../scratch.js";

/** A build directory beside one whose name begins alike, with links in it that lead out and about. */
function made(): BuildDirectory {
  const top = scratch();
  const root = path.join(top, "build");
  mkdirSync(path.join(root, "d/deep"), { recursive: true });
  mkdirSync(path.join(top, "build-evil"));
  const links = {
    ...{ evil: path.join(top, "build-evil"), absolute: path.join(root, "d"), one: "d", two: "./one" },
    ...{ a: "b", b: "a", "d/deep/back": "../../d", "d/up": "../..", gone: "one/nothing" },
  };
  for (const [name, target] of Object.entries(links)) {
    symlinkSync(target, path.join(root, name));
  }
  return buildDirectory(top, "build");
}

/** The path that is reached, relative to the build directory. */
function reached(relative: string, options: WalkOptions = {}): Promise<string> {
  const directory = made();
  const work = (tree: OpenDirectory): Promise<string> =>
    tree.at(fromText(relative), options, async (place) => place.path);
  return withOpened(directory, false, work).then((found) => found.slice(directory.path.length + 1));
}

test.each(["../x", "/etc/passwd", "d/../../x", "d/../x", "a\0b", "evil/x", "two/up/x"])(
  "%j is refused",
  async (relative) => {
    await expect(reached(relative)).rejects.toThrow(PathEscapesError);
    await expect(reached(relative, { make: true, follow: true })).rejects.toThrow(PathEscapesError);
  },
);

test("a link itself may be named, also one that leads outside: it can be removed", async () => {
  expect(await reached("evil")).toBe("evil");
  await expect(reached("evil", { follow: true })).rejects.toThrow(PathEscapesError);
});

test.each([
  ["two/x", "d/x"],
  ["absolute/x", "d/x"],
  ["d/deep/back/x", "d/x"],
  ["gone/x", "d/nothing/x"],
  ["new/deep/file", "new/deep/file"],
])("a link that stays inside is followed, and what doesn't exist is made: %j", async (relative, meant) => {
  expect(await reached(relative, { make: true })).toBe(meant);
});

test("links in a circle are refused", async () => {
  await expect(reached("a/x")).rejects.toThrow(PathEscapesError);
  await expect(reached("a", { follow: true })).rejects.toThrow(PathEscapesError);
});

test("what was reached is worked in, whatever has its name meanwhile", async () => {
  const directory = made();
  const root = toText(directory.path);
  await withOpened(directory, false, (tree) =>
    tree.at("d/made", {}, async (place) => {
      renameSync(path.join(root, "d"), path.join(root, "moved"));
      symlinkSync(path.join(root, "../build-evil"), path.join(root, "d"));
      await mkdir(place.system);
    }),
  );
  expect(existsSync(path.join(root, "moved/made"))).toBe(true);
  expect(existsSync(path.join(root, "../build-evil/made"))).toBe(false);
});

test("a build directory that has become a link isn't opened", async () => {
  const directory = made();
  const root = toText(directory.path);
  renameSync(root, `${root}-moved`);
  symlinkSync("build-evil", root);
  await expect(withOpened(directory, true, async () => undefined)).rejects.toThrow(PathEscapesError);
});

test.each(["", ".", "a//b", "a/../b", "..", "a\\b"])("%j is no build directory", (builddir) => {
  expect(() => buildDirectory(scratch(), builddir)).toThrow(PathEscapesError);
});

test("a build directory may have any other name", () => {
  const work = scratch();
  expect(toText(buildDirectory(work, "Straße 😀/x y").path)).toBe(`${work}/Straße 😀/x y`);
  expect(fromText("é")).toHaveLength(2);
});
