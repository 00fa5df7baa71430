import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { onTestFinished } from "vitest";
import { COOKIE_VARIABLE, isZombie, readStat, signal } from "../../src/processes/procfs.js";
import { ProcessTree } from "../../src/processes/tree.js";
import { scratch, until } from "../scratch.js";

/** The processes that a script started. */
export interface StartedTree {
  readonly cookie: string;
  readonly tree: ProcessTree;
  readonly ended: Promise<unknown>;
  /** The process whose id the script wrote down. */
  readonly escaped: () => number;
}

/** Run a script in which an escaped process writes its id to $PIDS. */
export async function startTree(script: string): Promise<StartedTree> {
  const cookie = randomBytes(8).toString("hex");
  const file = path.join(scratch(), "pid");
  const child = spawn("sh", ["-c", script], {
    detached: true,
    stdio: "ignore",
    env: { PATH: process.env.PATH, PIDS: file, [COOKIE_VARIABLE]: `outer:${cookie}` },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const escaped = (): number => Number(readFileSync(file, "utf8"));
  onTestFinished(() => {
    if (existsSync(file)) {
      signal(escaped(), "SIGKILL");
    }
  });
  const tree = new ProcessTree(child.pid ?? 0, cookie);
  await until(() => existsSync(file) && escaped() > 0);
  return { cookie, tree, ended, escaped };
}

/** Whether a process has ended. */
export function hasEnded(pid: number): boolean {
  const info = readStat(pid);
  return info === undefined || isZombie(info);
}

/** Starts a process that leaves its session and its parent. */
export const ESCAPE = `setsid sh -c 'echo $$ > "$PIDS.new"; mv "$PIDS.new" "$PIDS"; exec sleep 600' &`;
