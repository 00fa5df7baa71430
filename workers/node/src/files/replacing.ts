// Writes files and links so that they appear whole, in one step.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rename, symlink, unlink } from "node:fs/promises";
import type { Place } from "./held-directory.js";

const NEW = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
const OWN = 0o600;

/**
 * Have `fill` write a new file beside `target`, then give it its mode and its name in one step.
 *
 * @throws whatever `fill` throws, or a system error; nothing is left behind.
 */
export async function replaceFile(
  target: Place,
  mode: number,
  fill: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = temporaryBeside(target);
  const file = await open(temporary.system, NEW, OWN);
  try {
    try {
      await fill(file);
      await file.chmod(mode);
    } finally {
      await file.close();
    }
    await moveTo(temporary, target);
  } catch (error) {
    await unlink(temporary.system);
    throw error;
  }
}

/**
 * Make a link beside `target` to what `read` gives, then give it its name in one step. `read` may use the file it gets.
 *
 * @throws whatever `read` throws, or a system error; nothing is left behind.
 */
export async function replaceByLink(
  target: Place,
  read: (scratch: FileHandle) => Promise<Buffer>,
): Promise<void> {
  const scratch = temporaryBeside(target);
  const file = await open(scratch.system, NEW, OWN);
  let pointsTo: Buffer;
  try {
    pointsTo = await read(file);
  } finally {
    await file.close();
    await unlink(scratch.system);
  }
  const temporary = temporaryBeside(target);
  await symlink(pointsTo, temporary.system);
  try {
    await moveTo(temporary, target);
  } catch (error) {
    await unlink(temporary.system);
    throw error;
  }
}

/** Write all of `data` where the file stands. */
export async function writeAll(file: FileHandle, data: Uint8Array): Promise<void> {
  for (let written = 0; written < data.length; ) {
    written += (await file.write(data, written)).bytesWritten;
  }
}

async function moveTo(temporary: Place, target: Place): Promise<void> {
  try {
    await rename(temporary.system, target.system);
  } catch (error) {
    // It names both; the one that nobody has heard of comes first.
    throw error instanceof Error ? Object.assign(error, { path: target.system }) : error;
  }
}

/** A new name in the directory of `target`. */
function temporaryBeside(target: Place): Place {
  return target.beside(`.buildledger-${randomBytes(8).toString("hex")}`);
}
