// Build directories that nothing uses any more go, and nothing else does.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { removeAll, UnusedDirectories } from "../../src/files/unused-directories.js";
import { scratch } from "../scratch.js";

const DAY = 86_400;

function unusedIn(stateDirectory: string, workDirectory: string, keepSeconds: number): UnusedDirectories {
  return new UnusedDirectories({ stateDirectory, workDirectory, keepSeconds });
}

/** A build directory with a locked one in it, as a module cache leaves it, that was used so long ago. */
function use(state: string, work: string, name: string, daysAgo: number): void {
  unusedIn(state, work, DAY).note(`${name}/below`);
  const at = Date.now() / 1_000 - daysAgo * DAY;
  utimesSync(path.join(state, "used", name), at, at);
  const cache = path.join(work, name, "cache");
  mkdirSync(cache, { recursive: true });
  writeFileSync(path.join(cache, "file"), "x");
  symlinkSync(path.join(work, "..", "outside"), path.join(work, name, "link"));
  chmodSync(cache, 0o500);
}

test("what was unused for long goes, and nothing else", async () => {
  const root = scratch();
  const [state, work, outside] = ["state", "work", "outside"].map((name) => path.join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const directory of [state, work, outside, path.join(work, "of-somebody-else")]) {
    mkdirSync(directory);
  }
  writeFileSync(path.join(outside, "kept"), "x");
  use(state, work, "gone", 31);
  use(state, work, "fresh", 29);
  use(state, work, "at-work", 400);
  const directories = unusedIn(state, work, 30 * DAY);
  const unused = directories.putAside(["at-work/below"]);
  expect(unused).toHaveLength(1);
  await removeAll(unused, () => false);
  expect(readdirSync(work).sort()).toEqual(["at-work", "fresh", "of-somebody-else"]);
  expect(readdirSync(path.join(state, "used")).sort()).toEqual(["at-work", "fresh"]);
  expect(existsSync(path.join(outside, "kept"))).toBe(true);
  await removeAll(directories.putAside([]), () => true);
  const left = directories.putAside([]);
  expect(left, "what a stopped worker left comes again").toHaveLength(1);
  await removeAll(left, () => false);
  expect(readdirSync(work).sort()).toEqual(["fresh", "of-somebody-else"]);
});

test("with 0 days everything is kept", () => {
  const root = scratch();
  use(root, path.join(root, "work"), "old", 4_000);
  expect(unusedIn(root, path.join(root, "work"), 0).putAside([])).toEqual([]);
});
