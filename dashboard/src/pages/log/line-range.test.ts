import { expect, it } from "vitest";
import { formatLineRange, parseLineRange, selectLines } from "./line-range.ts";

it.each([
  ["#L120", { from: 120, to: 120 }],
  ["L120-L140", { from: 120, to: 140 }],
  ["#L140-120", { from: 120, to: 140 }],
  ["#L0", undefined],
  ["#L", undefined],
  ["#token=abc", undefined],
  ["", undefined],
])("reads %s", (hash, range) => {
  expect(parseLineRange(hash)).toEqual(range);
});

it("writes what it reads", () => {
  expect(formatLineRange({ from: 7, to: 7 })).toBe("L7");
  expect(formatLineRange({ from: 7, to: 9 })).toBe("L7-L9");
});

it("extends a selection from its first line", () => {
  expect(selectLines(undefined, 5, true)).toEqual({ from: 5, to: 5 });
  expect(selectLines({ from: 5, to: 5 }, 9, true)).toEqual({ from: 5, to: 9 });
  expect(selectLines({ from: 5, to: 9 }, 2, true)).toEqual({ from: 2, to: 5 });
  expect(selectLines({ from: 5, to: 9 }, 2, false)).toEqual({ from: 2, to: 2 });
});
