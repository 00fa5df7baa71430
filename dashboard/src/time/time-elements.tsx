/** Times and durations as `<time>` elements, in the time zone the reader chose. */

import {
  formatAgo,
  formatDistance,
  formatDuration,
  formatFull,
  formatShort,
  isoDuration,
} from "../format/time.ts";
import { timeZone } from "../state/preferences.ts";
import { useStore } from "../state/store.ts";
import { useNow, usePresent } from "./clock.ts";

/** A moment as a clock time: `14:32`, with the date unless that is today. The tooltip has the full time and its age. */
export function Timestamp({ at }: { at: string }) {
  const chosen = useStore(timeZone);
  const now_ms = useNow("quarter-minute");
  const date = new Date(at);
  return (
    <time
      dateTime={at}
      title={`${formatFull(date, chosen)} (${formatAgo(date.getTime(), now_ms)})`}
      className="nowrap"
    >
      {formatShort(date, new Date(usePresent("quarter-minute")), chosen)}
    </time>
  );
}

/** A moment as `4 min ago`. The tooltip has the full time. */
export function TimeAgo({ at }: { at: string }) {
  const chosen = useStore(timeZone);
  const now_ms = useNow("quarter-minute");
  const date = new Date(at);
  return (
    <time dateTime={at} title={formatFull(date, chosen)} className="nowrap">
      {formatAgo(date.getTime(), now_ms)}
    </time>
  );
}

/** The time since a moment, without "ago": `20 days`. */
export function TimeSince({ at }: { at: string }) {
  const chosen = useStore(timeZone);
  const now_ms = useNow("quarter-minute");
  const date = new Date(at);
  return (
    <time dateTime={at} title={`since ${formatFull(date, chosen)}`} className="nowrap">
      {formatDistance(now_ms - date.getTime())}
    </time>
  );
}

/** How long something took, or has been running when there is no end yet. */
export function Duration({ from, to }: { from: string; to?: string | null | undefined }) {
  return to ? (
    <FixedDuration duration_ms={Date.parse(to) - Date.parse(from)} />
  ) : (
    <RunningDuration from={from} />
  );
}

/** A duration that is known. */
export function FixedDuration({
  duration_ms,
  inWholeSeconds = false,
}: {
  duration_ms: number;
  inWholeSeconds?: boolean;
}) {
  return (
    <time dateTime={isoDuration(duration_ms)} className="nowrap">
      {formatDuration(duration_ms, inWholeSeconds)}
    </time>
  );
}

function RunningDuration({ from }: { from: string }) {
  const elapsed_ms = Math.max(0, useNow("second") - Date.parse(from));
  return <FixedDuration duration_ms={elapsed_ms} inWholeSeconds />;
}
