// Copies and removes files, links and whole directories, each step by the directory that it is in, which is held.
import { constants } from "node:fs";
import {
  chmod,
  copyFile,
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readlink,
  rmdir,
  symlink,
  unlink,
} from "node:fs/promises";
import { systemCode } from "../log.js";
import { FileErrorCode } from "../proto/worker_pb.js";
import { FileOperationError, StoppedError } from "./errors.js";
import { descriptorPath, type HeldDirectory, Place } from "./held-directory.js";
import type { IsStopped } from "./listing.js";

const OWNER_MAY_ALL = 0o700;
const PERMISSIONS = 0o7777;
const NO_LINKS = constants.O_NOFOLLOW | constants.O_NONBLOCK;
const NEW = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | NO_LINKS;

/**
 * Remove a file, a link, or a directory with all in it; whether there was anything.
 *
 * @throws a system error, or StoppedError when the run is to be ended.
 */
export async function removeTree(place: Place, isStopped: IsStopped): Promise<boolean> {
  if (isStopped()) {
    throw new StoppedError();
  }
  try {
    const status = await lstat(place.system);
    if (!status.isDirectory()) {
      await unlink(place.system);
      return true;
    }
    await place.directory.enter(place.name).during(async (held) => {
      if ((status.mode & OWNER_MAY_ALL) !== OWNER_MAY_ALL) {
        // Directories that a build made read-only are removed all the same.
        await chmod(held.itself, OWNER_MAY_ALL).catch(ignoreForbidden);
      }
      for (const name of await namesIn(held)) {
        await removeTree(new Place(held, name), isStopped);
      }
    });
    await rmdir(place.system);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") {
      return false;
    }
    throw error;
  }
}

/**
 * Copy a file or a directory with all in it to where nothing is; links are copied as links, permissions and times are kept.
 *
 * @throws a system error, or StoppedError when the run is to be ended.
 */
export async function copyTree(source: Place, target: Place, isStopped: IsStopped): Promise<void> {
  if (isStopped()) {
    throw new StoppedError();
  }
  const status = await lstat(source.system);
  if (status.isSymbolicLink()) {
    await symlink(await readlink(source.system, { encoding: "buffer" }), target.system);
  } else if (status.isDirectory()) {
    await copyDirectory(source, target, isStopped);
  } else if (status.isFile()) {
    await copyContent(source, target);
  } else {
    throw new FileOperationError(FileErrorCode.IO, source.path, "neither a file, a directory nor a link");
  }
}

async function copyDirectory(source: Place, target: Place, isStopped: IsStopped): Promise<void> {
  await source.directory.enter(source.name).during(async (from) => {
    await mkdir(target.system, OWNER_MAY_ALL);
    await target.directory.enter(target.name).during(async (to) => {
      for (const name of await namesIn(from)) {
        await copyTree(new Place(from, name), new Place(to, name), isStopped);
      }
      const copied = await open(to.itself, constants.O_RDONLY | constants.O_DIRECTORY);
      await closing(copied, async () => keepProperties(await lstat(`${from.itself}/.`), copied));
    });
  });
}

async function copyContent(source: Place, target: Place): Promise<void> {
  const from = await open(source.system, constants.O_RDONLY | NO_LINKS);
  await closing(from, async () => {
    const to = await open(target.system, NEW, 0o600);
    await closing(to, async () => {
      const paths = [
        descriptorPath(from.fd) ?? source.system,
        descriptorPath(to.fd) ?? target.system,
      ] as const;
      await copyFile(...paths, constants.COPYFILE_FICLONE).catch((error: Error) => {
        throw Object.assign(error, { path: source.system });
      });
      await keepProperties(await from.stat(), to);
    });
  });
}

async function keepProperties(
  { mode, atime, mtime }: { mode: number; atime: Date; mtime: Date },
  copied: FileHandle,
): Promise<void> {
  await copied.chmod(mode & PERMISSIONS);
  await copied.utimes(atime, mtime);
}

async function closing(file: FileHandle, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    await file.close();
  }
}

async function namesIn(directory: HeldDirectory): Promise<string[]> {
  return readdir(directory.itself, { encoding: "latin1" });
}

function ignoreForbidden(error: unknown): void {
  // What follows fails with the reason.
  if (!["EACCES", "EPERM"].includes(systemCode(error))) {
    throw error;
  }
}
