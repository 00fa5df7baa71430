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
import { useNow } from "./clock.ts";

/** A moment as a clock time; the whole of it, and how long ago it was, in its tooltip. */
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
      {formatShort(date, new Date(now_ms), chosen)}
    </time>
  );
}

/** A moment as a distance from the present; the whole of it in its tooltip. */
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

/** How long ago a moment was, as a bare length: `20 days`. */
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

/** How long something took, or has taken until this second. */
export function Duration({ from, to }: { from: string; to?: string | null | undefined }) {
  return to ? (
    <FixedDuration duration_ms={Date.parse(to) - Date.parse(from)} />
  ) : (
    <RunningDuration from={from} />
  );
}

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
