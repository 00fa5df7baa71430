// Holds a state directory for one process.
import { createHash } from "node:crypto";
import { realpathSync, rmSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { platform, tmpdir } from "node:os";
import path from "node:path";
import { systemCode } from "./log.js";

/** Another worker runs on the same state directory. */
export class StateInUseError extends Error {
  constructor(readonly stateDirectory: string) {
    super(`another worker is using ${stateDirectory}; each worker needs a state directory of its own`);
  }
}

/** A lock that is held. */
export interface Lock {
  release(): void;
}

/**
 * Lock a state directory; the system releases it however the process ends.
 *
 * Node.js has no file locks. A listening socket is as good: only one process can have its name. On Linux the name is in no file
 * system and vanishes with its holder; elsewhere one that nobody answers on is removed.
 *
 * @throws StateInUseError another process holds it.
 */
export async function lock(stateDirectory: string): Promise<Lock> {
  const digest = createHash("sha256").update(realpathSync(stateDirectory)).digest("hex").slice(0, 40);
  const name = `buildledger-worker-${digest}`;
  const address = platform() === "linux" ? `\0${name}` : path.join(tmpdir(), name);
  let server = await listen(address);
  if (server === undefined && platform() !== "linux" && !(await answers(address))) {
    rmSync(address, { force: true });
    server = await listen(address);
  }
  if (server === undefined) {
    throw new StateInUseError(stateDirectory);
  }
  const held = server;
  // The lock alone doesn't keep the process alive.
  held.unref();
  return { release: () => held.close() };
}

function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error) =>
      systemCode(error) === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen({ path: address, exclusive: true }, () => resolve(server));
  });
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
