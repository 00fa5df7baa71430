import { expect, test } from "vitest";
import { killOrphans } from "../../src/processes/orphans.js";
import { ESCAPE, hasEnded, startTree } from "./started-tree.js";

test("what a killed worker left running is found by its cookie alone", async () => {
  const { cookie, escaped } = await startTree(`${ESCAPE} exit 0`);
  const killed = await killOrphans([{ cookie }]);
  expect(killed.get(cookie)).toEqual([{ pid: escaped(), name: expect.stringMatching(/^(sleep|sh)$/) }]);
  expect(hasEnded(escaped())).toBe(true);
});
