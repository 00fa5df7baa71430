// What can go wrong with a file operation, and how the protocol says it.
import { create } from "@bufbuild/protobuf";
import { systemCode } from "../log.js";
import { type FileError, FileErrorCode, FileErrorSchema } from "../proto/worker_pb.js";
import { type BytePath, fromText, PathEscapesError, relativeTo, toWire } from "./paths.js";

const CODES: Readonly<Record<string, FileErrorCode>> = {
  ENOENT: FileErrorCode.NOT_FOUND,
  EEXIST: FileErrorCode.EXISTS,
  ENOTEMPTY: FileErrorCode.EXISTS,
  ENOTDIR: FileErrorCode.NOT_A_DIRECTORY,
  EISDIR: FileErrorCode.IS_A_DIRECTORY,
  EACCES: FileErrorCode.PERMISSION_DENIED,
  EPERM: FileErrorCode.PERMISSION_DENIED,
  ENOSPC: FileErrorCode.NO_SPACE,
  EDQUOT: FileErrorCode.NO_SPACE,
};

/** The run is to be ended before the operation is complete. */
export class StoppedError extends Error {}

/** A file operation that failed for a reason that isn't the system's. */
export class FileOperationError extends Error {
  constructor(
    readonly code: FileErrorCode,
    readonly path: BytePath,
    message: string,
  ) {
    super(message);
  }
}

/**
 * An error as the protocol says it, with the path relative to the build directory, or undefined for a fault of the worker itself.
 *
 * `operationPath` is the path of the operation, for errors that don't name one.
 */
export function fileError(
  root: BytePath,
  error: unknown,
  operationPath: BytePath = "",
): FileError | undefined {
  if (error instanceof PathEscapesError) {
    const path = toWire(error.path);
    return create(FileErrorSchema, { code: FileErrorCode.PATH_ESCAPES, path, message: error.message });
  }
  if (error instanceof FileOperationError) {
    return create(FileErrorSchema, { code: error.code, path: toWire(error.path), message: error.message });
  }
  const code = systemCode(error);
  if (!(error instanceof Error) || code === "" || !("syscall" in error)) {
    return undefined;
  }
  const path =
    "path" in error && error.path !== undefined ? relativeTo(root, bytesOf(error.path)) : operationPath;
  return create(FileErrorSchema, {
    code: CODES[code] ?? FileErrorCode.IO,
    path: toWire(path),
    // "ENOENT: no such file or directory, open '/…'": the path stands beside it.
    message: error.message.replace(/^[A-Z0-9]+: /, "").replace(/, \w+( '.*)?$/s, ""),
  });
}

function bytesOf(path: unknown): BytePath {
  return path instanceof Uint8Array ? Buffer.from(path).toString("latin1") : fromText(String(path));
}
