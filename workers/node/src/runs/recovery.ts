// Recovers the journals of an earlier worker process, and kills processes that it left.
import { closeSync, openSync, readdirSync, readSync, unlinkSync } from "node:fs";
import path from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { removeStrayDirectories, SupervisedDirectory } from "../contract/directory.js";
import { crc32c } from "../journal/crc32c.js";
import { Journal } from "../journal/journal.js";
import {
  decodeContent,
  decodeExtent,
  type JournalRecord,
  Kind,
  type RunHeader,
  readRecords,
  type SupervisionHeader,
} from "../journal/records.js";
import { log } from "../log.js";
import { killOrphans, type OrphanedRun } from "../processes/orphans.js";
import type { ProcessIdentity } from "../processes/procfs.js";
import { SecretFiles } from "../processes/secret-files.js";
import type { Survivor } from "../processes/tree.js";
import { ExitReason, RunEventSchema, RunState } from "../proto/worker_pb.js";
import { SegmentReclaimer } from "../supervision/segment-reclaimer.js";
import { SpoolReader } from "../supervision/spool-reader.js";
import { Attempt, type ExitedInit } from "./attempt.js";
import type { AttemptStore } from "./attempt-store.js";
import { START_UNKNOWN, totalsOf } from "./exited.js";
import { attachedSupervisor, interruptSupervised, orphanedRunOf } from "./supervised.js";

const SEGMENT_NAME = /^([0-9a-f-]{36}\.\d+)\.(\d+)\.journal$/;

/** One attempt as its journal describes it. */
interface RecoveredJournal {
  readonly attempt: Attempt;
  readonly process: ProcessIdentity | undefined;
  readonly hasEnded: boolean;
  readonly isOfThisBoot: boolean;
  /** A supervisor has the command, or has written down its end. */
  readonly hasSupervisor: boolean;
}

/**
 * Take over the journals of an earlier worker process.
 *
 * Attempts in the result that haven't ended have a supervisor whose end has to be awaited. Whatever the others left running is
 * killed before any of them is reported as ended.
 */
export async function recover(store: AttemptStore, wake: (attempt: Attempt) => void): Promise<Attempt[]> {
  const recovered = [...journals(store.journalDirectory)].flatMap(([key, numbers]) => {
    const one = readJournal(store, key, numbers, wake);
    return one === undefined ? [] : [one];
  });
  const { stateDirectory } = store.settings;
  removeStrayDirectories(stateDirectory, new Set(recovered.map(({ attempt }) => attempt.key)));
  const isInterrupted = (each: RecoveredJournal): boolean => !each.hasEnded && !each.hasSupervisor;
  const survivors = await killOrphans(recovered.filter(isInterrupted).map(orphanedRun));
  for (const each of recovered) {
    const { attempt } = each;
    store.spoolBudget.change(attempt.journal.spooledBytes);
    attempt.awaitsAck = !each.hasEnded && !each.isOfThisBoot;
    if (each.hasEnded) {
      attempt.state = RunState.EXITED;
      attempt.gone.set();
    } else if (each.hasSupervisor) {
      log.info(`run ${attempt.runId} has gone on without a worker`);
      attempt.state = RunState.RUNNING;
    } else {
      log.warning(`run ${attempt.runId} was interrupted by the end of an earlier worker process`);
      new SecretFiles(attempt.cookie, stateDirectory).remove();
      attempt.exit(interruptedEnd(each, survivors.get(attempt.cookie) ?? []));
    }
  }
  return recovered.map(({ attempt }) => attempt);
}

/** How to recognise what an attempt left running; after a reboot process ids mean something else. */
function orphanedRun({ attempt, process, isOfThisBoot }: RecoveredJournal): OrphanedRun {
  const orphaned = attempt.supervision === undefined ? { cookie: attempt.cookie } : orphanedRunOf(attempt);
  return { ...orphaned, root: isOfThisBoot ? process : undefined };
}

/** How an attempt ended that was interrupted; `survivors` are its processes that were killed now. */
function interruptedEnd({ attempt, process }: RecoveredJournal, survivors: readonly Survivor[]): ExitedInit {
  if (attempt.supervision !== undefined) {
    return interruptSupervised(attempt, process, survivors);
  }
  const wasStarted = process !== undefined;
  return {
    reason: wasStarted ? ExitReason.INTERRUPTED : ExitReason.START_UNKNOWN,
    message: wasStarted ? "the worker was restarted while it ran" : START_UNKNOWN,
    survivorsKilled: survivors.map(({ pid, name }) => ({ pid, name })),
    outputTotals: totalsOf(attempt, []),
  };
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

/** Read one journal; undefined, and its files are gone, if the attempt it describes can't have been started. */
function readJournal(
  store: AttemptStore,
  key: string,
  numbers: readonly number[],
  wake: (attempt: Attempt) => void,
): RecoveredJournal | undefined {
  const directory = store.journalDirectory;
  const files = numbers.map((number) => path.join(directory, `${key}.${number}.journal`));
  const header = readHeader(files[0] ?? "");
  if (header === undefined) {
    files.forEach(unlinkSync);
    return undefined;
  }
  const journal = new Journal(directory, header);
  const isOfThisBoot = header.bootId === store.bootId;
  const reader = new JournalReader(
    new SupervisedDirectory(store.settings.stateDirectory, key).spool,
    !isOfThisBoot,
  );
  for (const [index, number] of numbers.entries()) {
    if (reader.isDamaged) {
      unlinkSync(files[index] ?? "");
    } else {
      journal.loadSegment(number, (record) => reader.accept(record));
    }
  }
  if (!reader.wasStarting && reader.lastEvent === "") {
    journal.remove();
    return undefined;
  }
  const attempt = new Attempt(store, header, wake, journal);
  const hasEnded = reader.lastEvent === "exited" || reader.lastEvent === "rejected";
  return {
    attempt,
    process: reader.process,
    hasEnded,
    isOfThisBoot,
    hasSupervisor:
      reader.supervision !== undefined && takeOverSpool(attempt, reader.supervision) && !hasEnded,
  };
}

/** Collects what recovery needs to know while a journal loads its records. */
class JournalReader {
  process: ProcessIdentity | undefined;
  supervision: SupervisionHeader | undefined;
  wasStarting = false;
  lastEvent = "";
  /** A record tells of output that the machine lost in a crash: what follows it is worth nothing. */
  isDamaged = false;

  /** `mayBeLost`: the machine was rebooted, so that the disk need not have what was written last. */
  constructor(
    private readonly spool: string,
    private readonly mayBeLost: boolean,
  ) {}

  /** Note what a record says; false if it is damaged. */
  accept(record: JournalRecord): boolean {
    switch (record.kind) {
      case Kind.Starting:
        this.wasStarting = true;
        break;
      case Kind.Process:
        this.process = decodeContent<ProcessIdentity>(record.body);
        break;
      case Kind.Supervised:
        this.supervision = decodeContent<SupervisionHeader>(record.body);
        break;
      case Kind.Event:
      case Kind.Relayed:
        this.lastEvent = fromBinary(RunEventSchema, record.body).event.case ?? "";
        break;
      case Kind.Spooled:
        this.isDamaged = this.mayBeLost && !this.#isSound(record);
        break;
    }
    return !this.isDamaged;
  }

  /** Whether the output that a record tells of is there, or was deleted because the server has it. */
  #isSound(record: JournalRecord): boolean {
    if (this.supervision === undefined) {
      return false;
    }
    const { segmentBytes } = this.supervision;
    const { position, length, crc32c: checksum } = decodeExtent(record.body);
    if (new SegmentReclaimer(this.spool, segmentBytes).isReclaimed(record.channel, position)) {
      return true;
    }
    try {
      return (
        crc32c(new SpoolReader(this.spool, segmentBytes).read(record.channel, position, length)) === checksum
      );
    } catch {
      return false;
    }
  }
}

/** Take the attempt's spool over; whether its supervisor still runs or has written down the end. */
function takeOverSpool(attempt: Attempt, supervision: SupervisionHeader): boolean {
  attempt.supervise(supervision, true);
  attempt.journal.releaseReclaimed();
  return !attachedSupervisor(attempt).hasEnded || attempt.directory.exit() !== undefined;
}

function readHeader(file: string): RunHeader | undefined {
  const descriptor = openSync(file, "r");
  try {
    const records = readRecords((position, length) => {
      const buffer = Buffer.alloc(length);
      return buffer.subarray(0, readSync(descriptor, buffer, 0, length, position));
    });
    const first = records.next().value?.record;
    return first?.kind === Kind.Header ? decodeContent<RunHeader>(first.body) : undefined;
  } finally {
    closeSync(descriptor);
  }
}
