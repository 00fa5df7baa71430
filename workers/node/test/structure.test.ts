import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const SOURCES = new URL("../src", import.meta.url).pathname;

/** Each may import those after it, never those before; the files of `src` itself that aren't named here import all of them. */
const ROOMS = [
  "session",
  "runs",
  "supervision",
  "journal",
  "masking",
  "files",
  "transport",
  "settings.ts host-info.ts",
  "contract",
  "processes",
  "timing.ts log.ts",
  "proto",
];

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
}

/** The place of a file among the rooms; -1 for those that connect them. */
function rankOf(file: string): number {
  const [first = ""] = file.split("/");
  return ROOMS.findIndex((room) => room.split(" ").includes(first));
}

function importsOf(file: string): string[] {
  const text = readFileSync(path.join(SOURCES, file), "utf8");
  return [...text.matchAll(/ from "(\.[^"]+)\.js"/g)].map(([, name = ""]) =>
    path.join(path.dirname(file), `${name}.ts`),
  );
}

test.each(filesOf(SOURCES))("%s imports no room that may import its own", (file) => {
  const upward = importsOf(file).filter((imported) => rankOf(imported) < rankOf(file));
  expect(upward).toEqual([]);
});

test.each(filesOf(SOURCES).filter((file) => !file.startsWith("proto/")))(
  "%s begins by saying what it is, and has at most 250 lines",
  (file) => {
    const lines = readFileSync(path.join(SOURCES, file), "utf8").trimEnd().split("\n");
    expect(lines.find((line) => !line.startsWith("#!"))).toMatch(/^\/\/ [A-Z].*[.:]$/);
    expect(lines.length).toBeLessThanOrEqual(250);
  },
);
