import { expect, it } from "vitest";
import { raiseMinimumPosition, readAtMinimumPosition } from "./minimum-position.ts";

it("reads again until the rows have reached the position that was heard of", async () => {
  const positions = [3, 4, 7];
  raiseMinimumPosition(7);
  raiseMinimumPosition(5);
  const pauses: number[] = [];
  const answer = await readAtMinimumPosition(
    async () => ({ position: positions.shift() ?? 0 }),
    async (duration_ms) => pauses.push(duration_ms),
  );
  expect(answer.position).toBe(7);
  expect(pauses).toEqual([15, 30]);
});

it("gives what there is when the server's reader stands still", async () => {
  raiseMinimumPosition(1_000);
  let reads = 0;
  const answer = await readAtMinimumPosition(
    async () => {
      reads += 1;
      return { position: 999 };
    },
    async () => {},
  );
  expect(answer.position).toBe(999);
  expect(reads).toBe(12);
});
