import { expect, it } from "vitest";
import { parseLines } from "./parsed-line.ts";

it("carries a colour from line to line", () => {
  const [, second] = parseLines(["\x1b[31mred", "still red\x1b[0m"]);
  expect(second?.segments[0]?.style.foreground).toEqual({ kind: "ansi", index: 1 });
});

it("shows the beginning of a line of a megabyte and counts what is left out", () => {
  const [line] = parseLines(["x".repeat(1_000_000)], 300);
  expect(line?.plain).toHaveLength(300);
  expect(line?.cut_chars).toBe(999_700);
});
