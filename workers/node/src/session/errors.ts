// How a session can end other than by a goodbye.
import { create } from "@bufbuild/protobuf";
import { status } from "@grpc/grpc-js";
import { ErrorCode, ErrorSchema, type Error as ServerError } from "../proto/worker_pb.js";
import { secondsOf } from "../timing.js";

/** The server ended the session with a reason. */
export class SessionRefusedError extends Error {
  readonly isFatal: boolean;
  readonly retryAfterSeconds: number;

  constructor(error: ServerError) {
    super(`${ErrorCode[error.code]}: ${error.message}`);
    this.isFatal = error.fatal;
    this.retryAfterSeconds = secondsOf(error.retryAfter);
  }
}

/** The connection failed or broke, or nothing was heard from the server for too long. */
export class SessionLostError extends Error {
  constructor(
    readonly code: status,
    message: string,
  ) {
    super(message);
  }

  /** The server can be reached and won't have this worker: only a person can change that. */
  get isRefusal(): boolean {
    return [status.UNAUTHENTICATED, status.PERMISSION_DENIED, status.UNIMPLEMENTED].includes(this.code);
  }
}

/** A refusal by the worker itself, in the form of the server's. */
export function refusal(code: ErrorCode, message: string, fatal = false): SessionRefusedError {
  return new SessionRefusedError(create(ErrorSchema, { code, message, fatal }));
}
