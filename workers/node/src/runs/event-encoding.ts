// Converts journal records to the protocol's events.
import { create, fromBinary } from "@bufbuild/protobuf";
import { decodeGapEnd, type JournalRecord, Kind } from "../journal/records.js";
import { GapSchema, OutputSchema, type RunEvent, RunEventSchema } from "../proto/worker_pb.js";
import { nanosecondsDuration, nanosecondsTimestamp } from "../timing.js";

/** A journalled event with its number and clocks, as it goes over the wire; the attempt isn't named in it yet. */
export function encodeEvent(record: JournalRecord, body: Buffer, channels: readonly string[]): RunEvent {
  const isWholeEvent = record.kind === Kind.Event || record.kind === Kind.Relayed;
  const event = isWholeEvent ? fromBinary(RunEventSchema, body) : create(RunEventSchema);
  const channel = channels[record.channel] ?? "";
  if (record.kind === Kind.Output || record.kind === Kind.Spooled) {
    const value = create(OutputSchema, {
      channel,
      offset: BigInt(record.offset),
      data: body,
      crc32c: record.bodyCrc32c,
    });
    event.event = { case: "output", value };
  } else if (record.kind === Kind.Gap) {
    const value = create(GapSchema, {
      channel,
      fromOffset: BigInt(record.offset),
      toOffset: BigInt(decodeGapEnd(body)),
      reason: "spool full",
    });
    event.event = { case: "gap", value };
  }
  event.eventNo = BigInt(record.eventNo);
  event.wall = nanosecondsTimestamp(record.wallNanoseconds);
  event.monotonic = nanosecondsDuration(record.monotonicNanoseconds);
  return event;
}
