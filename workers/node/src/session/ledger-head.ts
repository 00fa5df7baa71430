// Keeps the newest head of the server's ledger, over restarts of the worker: so that a server whose ledger went back is noticed.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { create } from "@bufbuild/protobuf";
import { log, reasonOf } from "../log.js";
import { type LedgerHead, LedgerHeadSchema, type Welcome } from "../proto/worker_pb.js";

/** A file `POSITION DIGEST`, the digest in hex; the head of a ledger that went back is kept beside it. */
export class LedgerHeadFile {
  readonly #file: string;
  #kept: LedgerHead | undefined;

  constructor(stateDirectory: string) {
    this.#file = path.join(stateDirectory, "ledger-head");
    this.#kept = read(this.#file);
  }

  /** The head that is kept; undefined if no server has given any yet. */
  get kept(): LedgerHead | undefined {
    return this.#kept;
  }

  /** Keep the head that a session begins with; say so if the server's ledger isn't the one it was. */
  welcomed({ ledgerHead, ledgerContradicted }: Welcome): void {
    const given = ledgerHead?.position ?? 0n;
    const kept = this.#kept;
    if (kept !== undefined && (ledgerContradicted || (given > 0n && given < kept.position))) {
      const aside = `${this.#file}.contradicted`;
      log.error(
        `the server's ledger went back, or was altered: it doesn't hold what it held at position ${kept.position}, ` +
          `and now ends at ${given}; what it was is kept in ${aside}`,
      );
      this.#trying("the former head can't be kept", () => renameSync(this.#file, aside));
      this.#kept = undefined;
    }
    this.told(ledgerHead);
  }

  /** Keep a head if it is newer than the one that is kept. */
  told(head: LedgerHead | undefined): void {
    if (head === undefined || head.position <= (this.#kept?.position ?? 0n)) {
      return;
    }
    this.#kept = head;
    this.#trying("the ledger's head can't be stored", () => {
      const digest = Buffer.from(head.digest).toString("hex");
      writeFileSync(`${this.#file}.new`, `${head.position} ${digest}\n`, { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    });
  }

  #trying(failed: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      log.error(`${failed}: ${reasonOf(error)}`);
    }
  }
}

function read(file: string): LedgerHead | undefined {
  try {
    const [position = "", digest = ""] = readFileSync(file, "ascii").trim().split(" ");
    return create(LedgerHeadSchema, { position: BigInt(position), digest: Buffer.from(digest, "hex") });
  } catch {
    return undefined;
  }
}
