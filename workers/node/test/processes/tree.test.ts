import { expect, test } from "vitest";
import { until } from "../scratch.js";
import { ESCAPE, hasEnded, startTree } from "./started-tree.js";

test("a daemon that left session and parent is found by its cookie, killed and named", async () => {
  const { tree, ended, escaped } = await startTree(`( ${ESCAPE} ) & exit 0`);
  await ended;
  const survivors = await tree.killSurvivors();
  // A shell that is just becoming `sleep` may still have its old name.
  expect(survivors).toEqual([{ pid: escaped(), name: expect.stringMatching(/^(sleep|sh)$/) }]);
  expect(hasEnded(escaped())).toBe(true);
});

test("killing the tree reaches those who left the group", async () => {
  const { tree, ended, escaped } = await startTree(`${ESCAPE} sleep 600`);
  tree.kill();
  await ended;
  await until(() => hasEnded(escaped()));
});

test("other trees are left alone", async () => {
  const one = await startTree(`${ESCAPE} exit 0`);
  const other = await startTree(`${ESCAPE} sleep 600`);
  await one.ended;
  await one.tree.killSurvivors();
  expect(hasEnded(one.escaped())).toBe(true);
  expect(hasEnded(other.escaped())).toBe(false);
  other.tree.kill();
});
