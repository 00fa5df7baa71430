import { expect, test } from "vitest";
import type { Builder } from "../../api/types.ts";
import { counted, grouped, worst } from "./grouping.ts";

const LABELS = {
  passing: "passing",
  broken: "broken",
  unclear: "unknown result",
  never_built: "not built yet",
};

function builder(name: string, status: Builder["status"] = "passing"): Builder {
  const base = name.split("[")[0] ?? name;
  return { name, base, matrix: name === base ? {} : { os: "linux" }, status } as unknown as Builder;
}

test("the cells of a matrix stand together, builders of their own alone", () => {
  const entries = grouped([builder("docs"), builder("tests[a]"), builder("tests[b]"), builder("tests")]);
  expect(entries.map(({ name, builders, isMatrix }) => [name, builders.length, isMatrix])).toEqual([
    ["docs", 1, false],
    ["tests", 2, true],
    ["tests", 1, false],
  ]);
});

test("of many cells it is said how many are how, and the worst stands for all", () => {
  const cells = [builder("t[a]"), builder("t[b]", "broken"), builder("t[c]")];
  expect(counted(cells, LABELS)).toBe("1 broken, 2 passing");
  expect(worst(cells)).toBe("broken");
  expect(counted([], LABELS)).toBe("");
});
