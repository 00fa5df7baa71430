import { expect, it } from "vitest";
import { appendPage, hitCountText, NOT_SEARCHED, stepFrom } from "./search-hits.ts";

const hit = (line: number) => ({ line, text: "", start: 0, end: 0 });
const some = { hits: [hit(3), hit(9)], next: "WyJoaXRzIiwxMF0" };
const all = appendPage(some, { hits: [hit(40)], next: null });

it("goes on to the next page of hits at the end of one", () => {
  expect(stepFrom(some, 0, 1)).toEqual({ at: 1 });
  expect(stepFrom(some, 1, 1)).toBe("load");
});

it("goes around the end only when the whole log was searched", () => {
  expect(stepFrom(all, 2, 1)).toEqual({ at: 0 });
  expect(stepFrom(all, 0, -1)).toEqual({ at: 2 });
  expect(stepFrom(some, 0, -1)).toEqual({ at: 0 });
});

it("says how many there are, as far as is known", () => {
  expect(hitCountText(some, 1)).toBe("2 of 2+");
  expect(hitCountText(all, 2)).toBe("3 of 3");
  expect(hitCountText({ hits: [], next: null }, -1)).toBe("no matches");
  expect(hitCountText(NOT_SEARCHED, -1)).toBe("");
  expect(stepFrom({ hits: [], next: null }, -1, 1)).toBe("none");
});
