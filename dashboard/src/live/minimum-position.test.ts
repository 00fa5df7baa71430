import { expect, it } from "vitest";
import { fresh, hearOf } from "./minimum-position.ts";

it("reads again until the rows have reached the position that was heard of", async () => {
  const positions = [3, 4, 7];
  hearOf(7);
  hearOf(5);
  const pauses: number[] = [];
  const answer = await fresh(
    async () => ({ position: positions.shift() ?? 0 }),
    async (duration_ms) => pauses.push(duration_ms),
  );
  expect(answer.position).toBe(7);
  expect(pauses).toEqual([15, 30]);
});

it("gives what there is when the server's reader stands still", async () => {
  hearOf(1_000);
  let reads = 0;
  const answer = await fresh(
    async () => {
      reads += 1;
      return { position: 999 };
    },
    async () => {},
  );
  expect(answer.position).toBe(999);
  expect(reads).toBe(12);
});
