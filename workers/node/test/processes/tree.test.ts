import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { killOrphans } from "../../src/processes/orphans.js";
import { COOKIE_VARIABLE, isZombie, readStat, signal } from "../../src/processes/procfs.js";
import { ProcessTree } from "../../src/processes/tree.js";
import { scratch, until } from "../scratch.js";

interface Family {
  readonly cookie: string;
  readonly tree: ProcessTree;
  readonly ended: Promise<unknown>;
  /** The process that a script said had escaped. */
  readonly escaped: () => number;
}

/** Run a script in which $PIDS is where an escaped process says its id. */
async function family(script: string): Promise<Family> {
  const cookie = randomBytes(8).toString("hex");
  const file = path.join(scratch(), "pid");
  const child = spawn("sh", ["-c", script], {
    detached: true,
    stdio: "ignore",
    env: { PATH: process.env.PATH, PIDS: file, [COOKIE_VARIABLE]: `outer:${cookie}` },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const escaped = (): number => Number(readFileSync(file, "utf8"));
  onTestFinished(() => signal(escaped(), "SIGKILL"));
  const tree = new ProcessTree(child.pid ?? 0, cookie);
  await until(() => existsSync(file) && escaped() > 0);
  return { cookie, tree, ended, escaped };
}

function isGone(pid: number): boolean {
  const info = readStat(pid);
  return info === undefined || isZombie(info);
}

const ESCAPE = `setsid sh -c 'echo $$ > "$PIDS.new"; mv "$PIDS.new" "$PIDS"; exec sleep 600' &`;

test("a daemon that left session and parent is found by its mark, killed and named", async () => {
  const { tree, ended, escaped } = await family(`( ${ESCAPE} ) & exit 0`);
  await ended;
  const survivors = await tree.killSurvivors();
  // A shell that is just becoming `sleep` may still have its old name.
  expect(survivors).toEqual([{ pid: escaped(), name: expect.stringMatching(/^(sleep|sh)$/) }]);
  expect(isGone(escaped())).toBe(true);
});

test("killing the tree reaches those who left the group", async () => {
  const { tree, ended, escaped } = await family(`${ESCAPE} sleep 600`);
  tree.kill();
  await ended;
  await until(() => isGone(escaped()));
});

test("other trees are left alone", async () => {
  const one = await family(`${ESCAPE} exit 0`);
  const other = await family(`${ESCAPE} sleep 600`);
  await one.ended;
  await one.tree.killSurvivors();
  expect(isGone(one.escaped())).toBe(true);
  expect(isGone(other.escaped())).toBe(false);
  other.tree.kill();
});

test("what a killed worker left running is found by its mark alone", async () => {
  const { cookie, escaped } = await family(`${ESCAPE} exit 0`);
  const killed = await killOrphans([{ cookie }]);
  expect(killed.get(cookie)).toEqual([{ pid: escaped(), name: expect.stringMatching(/^(sleep|sh)$/) }]);
  expect(isGone(escaped())).toBe(true);
});
