import { closeSync, openSync, readdirSync, readSync, unlinkSync } from "node:fs";
import path from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { removeStrayDirectories, SupervisedDirectory } from "../contract/directory.js";
import { crc32c } from "../journal/crc32c.js";
import { Journal, parseHeader } from "../journal/journal.js";
import {
  decodeExtent,
  type JournalRecord,
  Kind,
  type ProcessIdentity,
  type RunHeader,
  readRecords,
  type SupervisionHeader,
} from "../journal/records.js";
import { log } from "../log.js";
import { killOrphans, type OrphanedRun } from "../processes/orphans.js";
import { SecretFiles } from "../processes/secret-files.js";
import type { Survivor } from "../processes/tree.js";
import { ExitReason, RunEventSchema, RunState } from "../proto/worker_pb.js";
import { SpoolReader } from "../supervision/spool-reader.js";
import { Attempt } from "./attempt.js";
import type { Workshop } from "./attempt-store.js";
import { attachedSupervisor, interruptSupervised, orphanedRunOf } from "./supervised.js";

const SEGMENT_NAME = /^([0-9a-f-]{36}\.\d+)\.(\d+)\.journal$/;

/** What the journal of one attempt tells. */
interface Found {
  readonly attempt: Attempt;
  readonly process: ProcessIdentity | undefined;
  readonly hasEnded: boolean;
  readonly isOfThisBoot: boolean;
  /** A supervisor has it, or has written down its end. */
  readonly goesOn: boolean;
}

/** What is learned while records go by. */
interface Notes {
  process?: ProcessIdentity;
  supervision?: SupervisionHeader;
  wasStarting: boolean;
  lastEvent: string;
}

/**
 * Take over the journals of an earlier worker process.
 *
 * Attempts in the result that haven't ended have a supervisor whose end has to be awaited. Whatever the others left running is
 * killed before any of them is said to have ended.
 */
export async function recover(workshop: Workshop): Promise<Attempt[]> {
  const found = [...journals(workshop.journalDirectory)].flatMap(([key, numbers]) => {
    const one = readJournal(workshop, key, numbers);
    return one === undefined ? [] : [one];
  });
  removeStrayDirectories(workshop.settings.stateDirectory, new Set(found.map(({ attempt }) => attempt.key)));
  const survivors = await killOrphans(
    found.filter(({ hasEnded, goesOn }) => !hasEnded && !goesOn).map(leftoverOfFound),
  );
  for (const each of found) {
    const { attempt } = each;
    workshop.spool.change(attempt.journal.spooledBytes);
    if (each.hasEnded) {
      attempt.state = RunState.EXITED;
      attempt.gone.set();
    } else if (each.goesOn) {
      log.info(`run ${attempt.runId} has gone on without a worker`);
      attempt.awaitsAck = !each.isOfThisBoot;
      attempt.state = RunState.RUNNING;
    } else {
      log.warning(`run ${attempt.runId} was interrupted by the end of an earlier worker process`);
      attempt.awaitsAck = !each.isOfThisBoot;
      new SecretFiles(attempt.cookie, workshop.settings.stateDirectory).remove();
      endInterrupted(each, survivors.get(attempt.cookie) ?? []);
    }
  }
  return found.map(({ attempt }) => attempt);
}

/** How to recognise what an attempt left running; after a reboot process ids mean something else. */
function leftoverOfFound({ attempt, process, isOfThisBoot }: Found): OrphanedRun {
  const leftover = attempt.supervision === undefined ? { cookie: attempt.cookie } : orphanedRunOf(attempt);
  return { ...leftover, root: isOfThisBoot ? process : undefined };
}

/** The numbers of the segments of each journal in `directory`, in order. */
function journals(directory: string): Map<string, number[]> {
  const segments = new Map<string, number[]>();
  for (const name of readdirSync(directory).sort()) {
    const [, key, number] = SEGMENT_NAME.exec(name) ?? [];
    if (key !== undefined) {
      segments.set(
        key,
        [...(segments.get(key) ?? []), Number(number)].sort((one, other) => one - other),
      );
    }
  }
  return segments;
}

/** Read one journal; undefined, and no trace of it, if the attempt it tells of can't have been started. */
function readJournal(workshop: Workshop, key: string, numbers: readonly number[]): Found | undefined {
  const directory = workshop.journalDirectory;
  const files = numbers.map((number) => path.join(directory, `${key}.${number}.journal`));
  const header = readHeader(files[0] ?? "");
  if (header === undefined) {
    files.forEach(unlinkSync);
    return undefined;
  }
  const journal = new Journal(directory, header);
  const notes: Notes = { wasStarting: false, lastEvent: "" };
  const mayBeLost = header.bootId !== workshop.bootId;
  let isDamaged = false;
  for (const [index, number] of numbers.entries()) {
    if (isDamaged) {
      // What follows output that the machine lost in a crash is worth nothing.
      unlinkSync(files[index] ?? "");
      continue;
    }
    journal.loadSegment(number, (record) => {
      isDamaged = mayBeLost && record.kind === Kind.Spooled && isLost(workshop, key, notes, record);
      if (!isDamaged) {
        note(notes, record);
      }
      return !isDamaged;
    });
  }
  if (!notes.wasStarting && notes.lastEvent === "") {
    journal.remove();
    return undefined;
  }
  const attempt = new Attempt(workshop, header, journal);
  const hasEnded = notes.lastEvent === "exited" || notes.lastEvent === "rejected";
  return {
    attempt,
    process: notes.process,
    hasEnded,
    isOfThisBoot: header.bootId === workshop.bootId,
    goesOn: notes.supervision !== undefined && resumed(attempt, notes.supervision) && !hasEnded,
  };
}

/** Take the attempt's spool over; whether its supervisor still has something to say. */
function resumed(attempt: Attempt, supervision: SupervisionHeader): boolean {
  attempt.supervise(supervision, true);
  attempt.journal.releaseReclaimed();
  return !attachedSupervisor(attempt).hasEnded || attempt.directory.exit() !== undefined;
}

/** Whether output that a record tells of isn't there, although the server need not have it. */
function isLost(workshop: Workshop, key: string, { supervision }: Notes, record: JournalRecord): boolean {
  if (supervision === undefined) {
    return true;
  }
  const { spool } = new SupervisedDirectory(workshop.settings.stateDirectory, key);
  const files = new SpoolReader(spool, supervision.segmentBytes);
  const { position, length, crc32c: checksum } = decodeExtent(record.body);
  if (files.isReleased(record.channel, position)) {
    return false;
  }
  try {
    return crc32c(files.read(record.channel, position, length)) !== checksum;
  } catch {
    return true;
  }
}

function note(notes: Notes, record: JournalRecord): void {
  if (record.kind === Kind.Starting) {
    notes.wasStarting = true;
  } else if (record.kind === Kind.Process) {
    // The record's checksum holds: it is what this program wrote.
    notes.process = JSON.parse(record.body.toString("utf8")) as ProcessIdentity;
  } else if (record.kind === Kind.Supervised) {
    notes.supervision = JSON.parse(record.body.toString("utf8")) as SupervisionHeader;
  } else if (record.kind === Kind.Event || record.kind === Kind.Relayed) {
    notes.lastEvent = fromBinary(RunEventSchema, record.body).event.case ?? "";
  }
}

function readHeader(file: string): RunHeader | undefined {
  const descriptor = openSync(file, "r");
  try {
    const records = readRecords((position, length) => {
      const buffer = Buffer.alloc(length);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, length, position));
    });
    const first = records.next().value?.record;
    return first?.kind === Kind.Header ? parseHeader(first.body) : undefined;
  } finally {
    closeSync(descriptor);
  }
}

function endInterrupted({ attempt, process }: Found, survivors: readonly Survivor[]): void {
  if (attempt.supervision !== undefined) {
    attempt.exit(interruptSupervised(attempt, process, survivors));
    return;
  }
  const isKnown = process !== undefined;
  const { header, offsets } = attempt.journal;
  attempt.exit({
    reason: isKnown ? ExitReason.INTERRUPTED : ExitReason.START_UNKNOWN,
    message: `the worker was restarted while it ${isKnown ? "ran" : "was started"}`,
    survivorsKilled: survivors.map(({ pid, name }) => ({ pid, name })),
    outputTotals: header.channels
      .map((channel, index) => ({ channel, bytes: BigInt(offsets[index] ?? 0) }))
      .filter(({ bytes }) => bytes > 0n),
  });
}
