import { expect, test } from "vitest";
import { Backoff } from "../../src/transport/backoff.js";

test("the first retry comes soon, later ones ever more slowly up to a minute, and a success begins anew", () => {
  const backoff = new Backoff(() => 0.5);
  const delays = Array.from({ length: 15 }, () => backoff.nextDelay());
  expect(delays).toEqual([0.125, 0.5, 0.5, 1, 1, 1, 2, 2, 2, 4, 8, 16, 30, 30, 30]);
  backoff.succeeded();
  expect(backoff.nextDelay()).toBe(0.125);
  expect(backoff.slowestDelay()).toBe(45);
});
