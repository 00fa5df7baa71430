import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { isAlive, removeStrayDirectories, SupervisedDirectory } from "../../src/contract/directory.js";
import { readStat } from "../../src/processes/procfs.js";
import { scratch } from "../scratch.js";

function created(key = "run.1"): { state: string; directory: SupervisedDirectory } {
  const state = scratch();
  const directory = new SupervisedDirectory(state, key);
  directory.create();
  return { state, directory };
}

function own(): { pid: number; started: number; cgroup: string } {
  return { pid: process.pid, started: readStat(process.pid)?.startedTicks ?? 0, cgroup: "" };
}

test("a directory without a supervisor is claimed by the worker, and stays without one", () => {
  const { directory } = created();
  expect(directory.claim()).toBeUndefined();
  expect(JSON.parse(readFileSync(path.join(directory.path, "pid"), "utf8"))).toMatchObject({ pid: 0 });
  expect(directory.claim()).toBeUndefined();
});

test("a supervisor that was there first is named", () => {
  const { directory } = created();
  writeFileSync(path.join(directory.path, "pid"), JSON.stringify({ version: 1, ...own() }));
  expect(directory.claim()).toEqual(own());
});

test("a process that only has the same id isn't the supervisor", () => {
  expect(isAlive(own())).toBe(true);
  expect(isAlive({ ...own(), started: 1 })).toBe(false);
});

test("an exit that isn't whole counts as none", () => {
  const { directory } = created();
  expect(directory.exit()).toBeUndefined();
  writeFileSync(path.join(directory.path, "exit"), '{"reason": "compl');
  expect(directory.exit()).toBeUndefined();
  writeFileSync(path.join(directory.path, "exit"), '{"reason": "completed", "totals": []}');
  expect(directory.exit()).toEqual({ reason: "completed", totals: [] });
});

test("directories without a journal are removed, unless a supervisor runs there: that is told to stop", async () => {
  const { state, directory: known } = created("known.1");
  const ended = new SupervisedDirectory(state, "ended.1");
  const running = new SupervisedDirectory(state, "running.1");
  for (const each of [ended, running]) {
    mkdirSync(each.path);
  }
  writeFileSync(path.join(running.path, "pid"), JSON.stringify(own()));

  removeStrayDirectories(state, new Set(["known.1"]));

  await expect.poll(() => existsSync(ended.path)).toBe(false);
  expect(existsSync(known.path)).toBe(true);
  expect(JSON.parse(readFileSync(path.join(running.path, "stop"), "utf8"))).toEqual({
    stop: { level: "kill", grace: null, reason: "abandoned" },
  });
});
