// Resolves paths and refuses those that leave the build directory, symbolic links considered.
import { readlinkSync } from "node:fs";
import path from "node:path";

/**
 * A path as bytes, one character each ("latin1"): a file name need not be UTF-8.
 *
 * In this form a path can be taken apart and compared; `forSystem` gives what Node's functions take.
 */
export type BytePath = string;

const MOST_LINKS = 40;

/** A path would leave its directory. */
export class PathEscapesError extends Error {
  constructor(readonly path: BytePath) {
    super(`the path '${toText(path)}' leaves the build directory`);
  }
}

/** From the bytes that the protocol has. */
export function fromWire(bytes: Uint8Array): BytePath {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** To the bytes that the protocol has. */
export function toWire(bytePath: BytePath): Uint8Array {
  return Buffer.from(bytePath, "latin1");
}

/** From text, as UTF-8. */
export function fromText(text: string): BytePath {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** To what Node's file functions take. */
export function toBuffer(bytePath: BytePath): Buffer {
  return Buffer.from(bytePath, "latin1");
}

/** To text; bytes that are no UTF-8 are replaced. */
export function toText(bytePath: BytePath): string {
  return Buffer.from(bytePath, "latin1").toString("utf8");
}

/**
 * The real path of a build directory, which need not exist yet.
 *
 * @throws PathEscapesError `builddir` isn't made of plain names, or a link leads it out of `workDirectory`.
 */
export function buildDirectory(workDirectory: string, builddir: string): BytePath {
  const parts = fromText(builddir).split("/");
  if (parts.some((part) => ["", ".", ".."].includes(part) || /[\0\\]/.test(part))) {
    throw new PathEscapesError(fromText(builddir));
  }
  const base = realPath(fromText(workDirectory));
  const real = realPath([base, ...parts].join("/"));
  if (!isBelow(real, base)) {
    throw new PathEscapesError(fromText(builddir));
  }
  return real;
}

/**
 * The absolute path of `relative` with links in its directories resolved, and its last name left as it is.
 *
 * `root` is a real path. The result may be `root` itself.
 *
 * @throws PathEscapesError it is absolute or leads out of `root`.
 */
export function resolve(root: BytePath, relative: BytePath): BytePath {
  const joined = join(root, relative);
  if (joined === root) {
    return root;
  }
  const directory = realPath(path.posix.dirname(joined));
  if (directory !== root && !isBelow(directory, root)) {
    throw new PathEscapesError(relative);
  }
  return `${directory}/${path.posix.basename(joined)}`;
}

/**
 * As `inside`, with a link in the last name resolved as well.
 *
 * @throws PathEscapesError it is absolute or leads out of `root`.
 */
export function resolveLinks(root: BytePath, relative: BytePath): BytePath {
  const real = realPath(join(root, relative));
  if (real !== root && !isBelow(real, root)) {
    throw new PathEscapesError(relative);
  }
  return real;
}

/** `absolute` as the protocol names it, relative to `root` where it lies in it. */
export function relativeTo(root: BytePath, absolute: BytePath): BytePath {
  if (absolute === root) {
    return ".";
  }
  return isBelow(absolute, root) ? absolute.slice(root.length + 1) : absolute;
}

/** The parts of a relative path, without empty ones and ".". */
export function partsOf(relative: BytePath): BytePath[] {
  return relative.split("/").filter((part) => part !== "" && part !== ".");
}

function join(root: BytePath, relative: BytePath): BytePath {
  const parts = partsOf(relative);
  // ".." is refused even where it would stay inside: after a link it doesn't mean what the text says.
  if (relative.startsWith("/") || relative.includes("\0") || parts.includes("..")) {
    throw new PathEscapesError(relative);
  }
  return [root, ...parts].join("/");
}

/** By components: "build-evil" isn't in "build". */
function isBelow(candidate: BytePath, directory: BytePath): boolean {
  return candidate.startsWith(directory === "/" ? "/" : `${directory}/`) && candidate !== directory;
}

/** An absolute path with all links resolved, as far as it exists; with Node's own function all of it has to exist. */
function realPath(absolute: BytePath): BytePath {
  let pending = absolute.split("/");
  let resolved = "";
  let links = 0;
  for (let part = pending.shift(); part !== undefined; part = pending.shift()) {
    if (part === "" || part === ".") {
      continue;
    }
    if (part === "..") {
      resolved = resolved.slice(0, Math.max(0, resolved.lastIndexOf("/")));
      continue;
    }
    const next = `${resolved}/${part}`;
    const target = linkTarget(next);
    if (target === undefined) {
      resolved = next;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) {
      throw new PathEscapesError(absolute);
    }
    pending = [...target.split("/"), ...pending];
    resolved = target.startsWith("/") ? "" : resolved;
  }
  return resolved || "/";
}

function linkTarget(absolute: BytePath): BytePath | undefined {
  try {
    return readlinkSync(toBuffer(absolute), { encoding: "latin1" });
  } catch {
    // No link, or nothing at all.
    return undefined;
  }
}
