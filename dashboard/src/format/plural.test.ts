import { expect, it } from "vitest";
import { plural } from "./plural.ts";

it.each([
  [0, "0 lines"],
  [1, "1 line"],
  [2, "2 lines"],
  [1_204, "1,204 lines"],
])("writes %d with the right number", (count, text) => {
  expect(plural(count, "line")).toBe(text);
});
