import { randomBytes } from "node:crypto";
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import path from "node:path";
import { type BytePath, forSystem } from "./paths.js";

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
  const name = `.buildledger-${randomBytes(8).toString("hex")}`;
  const temporary = forSystem(`${path.posix.dirname(target)}/${name}`);
  const file = await open(temporary, "wx+", 0o600);
  try {
    try {
      await fill(file);
      await file.chmod(mode);
    } finally {
      await file.close();
    }
    await rename(temporary, forSystem(target));
  } catch (error) {
    await unlink(temporary);
    throw error;
  }
}

/** Write all of `data` where the file stands. */
export async function writeAll(file: FileHandle, data: Uint8Array): Promise<void> {
  for (let written = 0; written < data.length; ) {
    written += (await file.write(data, written)).bytesWritten;
  }
}
