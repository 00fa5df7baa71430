import { expect, it } from "vitest";
import { raiseMinimumPosition, readAtMinimumPosition } from "./minimum-position.ts";

it("reads again until the rows have reached the minimum position", async () => {
  const positions = [3, 5, 7];
  raiseMinimumPosition(7);
  raiseMinimumPosition(5);
  const pauses: number[] = [];
  const response = await readAtMinimumPosition(
    async () => ({ position: positions.shift() ?? 0 }),
    async (duration_ms) => pauses.push(duration_ms),
  );
  expect(response.position).toBe(7);
  expect(pauses).toEqual([15, 30]);
});

it("returns the old response when the server's projection has stopped", async () => {
  raiseMinimumPosition(1_000);
  let reads = 0;
  const response = await readAtMinimumPosition(
    async () => {
      reads += 1;
      return { position: 999 };
    },
    async () => {},
  );
  expect(response.position).toBe(999);
  expect(reads).toBe(12);
});
