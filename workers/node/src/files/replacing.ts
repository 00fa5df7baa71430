// Writes files and links so that they appear whole, in one step.
import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, symlink, unlink } from "node:fs/promises";
import path from "node:path";
import { type BytePath, toBuffer } from "./paths.js";

/**
 * Have `fill` write a new file beside `target`, then give it its mode and its name in one step.
 *
 * @throws whatever `fill` throws, or a system error; nothing is left behind.
 */
export async function replaceFile(
  target: BytePath,
  mode: number,
  fill: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(target);
  const file = await open(temporary, "wx+", 0o600);
  try {
    try {
      await fill(file);
      await file.chmod(mode);
    } finally {
      await file.close();
    }
    await rename(temporary, toBuffer(target));
  } catch (error) {
    await unlink(temporary);
    throw error;
  }
}

/**
 * Make a link beside `target` to what `read` gives, then give it its name in one step. `read` may use the file it gets.
 *
 * @throws whatever `read` throws, or a system error; nothing is left behind.
 */
export async function replaceByLink(
  target: BytePath,
  read: (scratch: FileHandle) => Promise<Buffer>,
): Promise<void> {
  const scratch = temporaryName(target);
  const file = await open(scratch, "wx+", 0o600);
  let pointsTo: Buffer;
  try {
    pointsTo = await read(file);
  } finally {
    await file.close();
    await unlink(scratch);
  }
  const temporary = temporaryName(target);
  await symlink(pointsTo, temporary);
  try {
    await rename(temporary, toBuffer(target));
  } catch (error) {
    await unlink(temporary);
    throw error;
  }
}

/** A new name in the directory of `target`. */
function temporaryName(target: BytePath): ReturnType<typeof toBuffer> {
  return toBuffer(`${path.posix.dirname(target)}/.buildledger-${randomBytes(8).toString("hex")}`);
}

/** Write all of `data` where the file stands. */
export async function writeAll(file: FileHandle, data: Uint8Array): Promise<void> {
  for (let written = 0; written < data.length; ) {
    written += (await file.write(data, written)).bytesWritten;
  }
}
