// Takes the protocol's paths apart, and names the build directory that they belong to. What they mean is opened in contained.ts.
import { readlinkSync } from "node:fs";

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

/** Where a build directory lies, which need not exist yet. */
export interface BuildDirectory {
  /** Real path of the directory that holds all build directories; whoever set the worker up chose it. */
  readonly workDirectory: BytePath;
  /** Of the directories that lead down to it from there, itself the last; none was a link when it was looked at. */
  readonly names: readonly BytePath[];
  /** Its real path. */
  readonly path: BytePath;
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
 * The build directory of that name.
 *
 * @throws PathEscapesError `builddir` isn't made of plain names, or a link leads it out of `workDirectory`.
 */
export function buildDirectory(workDirectory: string, builddir: string): BuildDirectory {
  const parts = fromText(builddir).split("/");
  if (parts.some((part) => ["", ".", ".."].includes(part) || /[\0\\]/.test(part))) {
    throw new PathEscapesError(fromText(builddir));
  }
  const base = realPath(fromText(workDirectory));
  const real = realPath([base, ...parts].join("/"));
  const names = namesBelow(base, real);
  if (names === undefined || names.length === 0) {
    throw new PathEscapesError(fromText(builddir));
  }
  return { workDirectory: base, names, path: real };
}

/** `absolute` as the protocol names it, relative to `root` where it lies in it. */
export function relativeTo(root: BytePath, absolute: BytePath): BytePath {
  if (absolute === root) {
    return ".";
  }
  return absolute.startsWith(`${root}/`) ? absolute.slice(root.length + 1) : absolute;
}

/** What stands between the slashes of a path, without empty parts and those that say "here". */
export function plainParts(relative: BytePath): BytePath[] {
  return relative.split("/").filter((part) => part !== "" && part !== ".");
}

/**
 * The names that a path of the protocol is made of; none for the build directory itself.
 *
 * @throws PathEscapesError it is absolute, or goes up.
 */
export function partsOf(relative: BytePath): BytePath[] {
  const parts = plainParts(relative);
  // ".." is refused even where it would stay inside: after a link it doesn't mean what the text says.
  if (relative.startsWith("/") || relative.includes("\0") || parts.includes("..")) {
    throw new PathEscapesError(relative);
  }
  return parts;
}

/** The names that lead from one absolute path down to another; undefined if that isn't in it. By components: "build-evil" isn't in "build". */
export function namesBelow(directory: BytePath, absolute: BytePath): BytePath[] | undefined {
  const above = plainParts(directory);
  const parts = plainParts(absolute);
  return above.every((part, index) => part === parts[index]) ? parts.slice(above.length) : undefined;
}

/** An absolute path with all links resolved, as far as it exists; with Node's own function all of it has to exist. */
export function realPath(absolute: BytePath): BytePath {
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
