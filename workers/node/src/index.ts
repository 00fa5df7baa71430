// The package as a library: a worker of a Build Ledger server as part of another program. Most people want the command instead.

export { VERSION } from "./host-info.js";
export { StateInUseError } from "./lock.js";
export { EXIT_MISCONFIGURED, EXIT_STOPPED, runWorker } from "./main.js";
export { DEFAULT_SPOOL_BYTES, type WorkerSettings } from "./settings.js";
export { CredentialUnreadableError } from "./transport/credential.js";
export { EnrollmentRefusedError } from "./transport/enrollment.js";
export { PlainTransportRefusedError } from "./transport/security.js";
export { Worker } from "./worker.js";
