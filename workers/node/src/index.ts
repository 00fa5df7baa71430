/** A worker of a Build Ledger server, to be part of another program. Most people want the command instead. */
export { StateInUseError } from "./lock.js";
export { VERSION } from "./machine.js";
export { EXIT_MISCONFIGURED, EXIT_STOPPED, runWorker } from "./main.js";
export { CredentialUnreadableError } from "./net/credential.js";
export { EnrollmentRefusedError } from "./net/enrollment.js";
export { PlainTransportRefusedError } from "./net/transport.js";
export { Worker } from "./session/worker.js";
export { DEFAULT_SPOOL_BYTES, type WorkerSettings } from "./settings.js";
