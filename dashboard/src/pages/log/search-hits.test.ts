import { expect, it } from "vitest";
import { countText, move, NOTHING, withPage } from "./search-hits.ts";

const hit = (line: number) => ({ line, text: "", start: 0, end: 0 });
const some = { hits: [hit(3), hit(9)], next: "WyJoaXRzIiwxMF0" };
const all = withPage(some, { hits: [hit(40)], next: null });

it("goes on to the next page of hits at the end of one", () => {
  expect(move(some, 0, 1)).toEqual({ at: 1 });
  expect(move(some, 1, 1)).toBe("load");
});

it("goes around the end only when the whole log was searched", () => {
  expect(move(all, 2, 1)).toEqual({ at: 0 });
  expect(move(all, 0, -1)).toEqual({ at: 2 });
  expect(move(some, 0, -1)).toEqual({ at: 0 });
});

it("says how many there are, as far as is known", () => {
  expect(countText(some, 1)).toBe("2 of 2+");
  expect(countText(all, 2)).toBe("3 of 3");
  expect(countText({ hits: [], next: null }, -1)).toBe("no hit");
  expect(countText(NOTHING, -1)).toBe("");
  expect(move({ hits: [], next: null }, -1, 1)).toBe("none");
});
