// Copies and removes files, links and whole directories.
import { constants } from "node:fs";
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readlink,
  rmdir,
  symlink,
  unlink,
  utimes,
} from "node:fs/promises";
import { systemCode } from "../log.js";
import { StoppedError } from "./errors.js";
import type { IsStopped } from "./listing.js";
import { type BytePath, toBuffer } from "./paths.js";

const OWNER_MAY_ALL = 0o700;
const PERMISSIONS = 0o7777;

/**
 * Remove a file, a link, or a directory with all in it; whether there was anything.
 *
 * @throws a system error, or StoppedError when the run is to be ended.
 */
export async function removeTree(absolute: BytePath, isStopped: IsStopped): Promise<boolean> {
  let isDirectory: boolean;
  try {
    isDirectory = (await lstat(toBuffer(absolute))).isDirectory();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) {
      return false;
    }
    throw error;
  }
  await (isDirectory ? removeDirectory(absolute, isStopped) : unlink(toBuffer(absolute)));
  return true;
}

/**
 * Copy a file or a directory with all in it; links are copied as links, permissions and times are kept.
 *
 * @throws a system error, or StoppedError when the run is to be ended.
 */
export async function copyTree(source: BytePath, target: BytePath, isStopped: IsStopped): Promise<void> {
  if (isStopped()) {
    throw new StoppedError();
  }
  const from = toBuffer(source);
  const to = toBuffer(target);
  const status = await lstat(from);
  if (status.isSymbolicLink()) {
    await symlink(await readlink(from, { encoding: "buffer" }), to);
    return;
  }
  if (status.isDirectory()) {
    await mkdir(to);
    for (const name of await readdir(from, { encoding: "latin1" })) {
      await copyTree(`${source}/${name}`, `${target}/${name}`, isStopped);
    }
  } else {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
  await chmod(to, status.mode & PERMISSIONS);
  await utimes(to, status.atime, status.mtime);
}

async function removeDirectory(absolute: BytePath, isStopped: IsStopped): Promise<void> {
  if (isStopped()) {
    throw new StoppedError();
  }
  try {
    await emptyDirectory(absolute, isStopped);
  } catch (error) {
    if (!["EACCES", "EPERM"].includes(systemCode(error))) {
      throw error;
    }
    // Directories that a build made read-only are removed all the same.
    await chmod(toBuffer(absolute), OWNER_MAY_ALL);
    await emptyDirectory(absolute, isStopped);
  }
  await rmdir(toBuffer(absolute));
}

async function emptyDirectory(absolute: BytePath, isStopped: IsStopped): Promise<void> {
  const entries = await readdir(toBuffer(absolute), { encoding: "latin1", withFileTypes: true });
  for (const entry of entries) {
    const path = `${absolute}/${entry.name}`;
    if (entry.isDirectory()) {
      await removeDirectory(path, isStopped);
    } else {
      await unlink(toBuffer(path));
    }
  }
}
