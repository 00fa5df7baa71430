/** Times and durations as text. Pure: the present and the time zone are arguments. */

export type TimeZone = "local" | "utc";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * `0.4 s`, `12 s`, `3 m 04 s`, `2 h 05 m`, `3 d 04 h`: two units at most, so that columns stay narrow. Running ones are
 * written in whole seconds.
 */
export function formatDuration(duration_ms: number, inWholeSeconds = false): string {
  const ms = Math.max(0, inWholeSeconds ? Math.floor(duration_ms / SECOND_MS) * SECOND_MS : duration_ms);
  if (ms < 9_950 && !inWholeSeconds) return `${(ms / SECOND_MS).toFixed(1)} s`;
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${pad(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${pad(hours % 24)} h`;
}

/** `just now`, `4 min ago`, `3 h ago`, `12 days ago`; a moment ahead of the clock is `in 4 min`. */
export function formatAgo(at_ms: number, now_ms: number): string {
  const distance_ms = now_ms - at_ms;
  if (Math.abs(distance_ms) < 10 * SECOND_MS) return "just now";
  const distance = formatDistance(Math.abs(distance_ms));
  return distance_ms >= 0 ? `${distance} ago` : `in ${distance}`;
}

/** `42 s`, `4 min`, `3 h`, `12 days`. */
export function formatDistance(distance_ms: number): string {
  if (distance_ms < MINUTE_MS) return `${Math.max(0, Math.floor(distance_ms / SECOND_MS))} s`;
  if (distance_ms < HOUR_MS) return `${Math.floor(distance_ms / MINUTE_MS)} min`;
  if (distance_ms < DAY_MS) return `${Math.floor(distance_ms / HOUR_MS)} h`;
  const days = Math.floor(distance_ms / DAY_MS);
  return days === 1 ? "1 day" : `${days} days`;
}

/** The shortest unambiguous clock time: `14:32` today, `21 Nov 14:32` this year, `21 Nov 2025 14:32` before; UTC ends in `Z`. */
export function formatShort(at: Date, now: Date, zone: TimeZone): string {
  const moment = parts(at, zone);
  const today = parts(now, zone);
  const clock = `${moment.hour}:${moment.minute}${zone === "utc" ? "Z" : ""}`;
  if (moment.date === today.date) return clock;
  if (moment.year === today.year) return `${moment.day} ${moment.month} ${clock}`;
  return `${moment.day} ${moment.month} ${moment.year} ${clock}`;
}

/** The whole moment with its zone, to the second: `2026-11-22 14:32:07 UTC` or `2026-11-22 15:32:07 GMT+1`. */
export function formatFull(at: Date, zone: TimeZone): string {
  const moment = parts(at, zone);
  return `${moment.date} ${moment.hour}:${moment.minute}:${moment.second} ${moment.zoneName}`;
}

/** The `datetime` attribute of a `<time>` element for a duration, as ISO 8601. */
export function isoDuration(duration_ms: number): string {
  return `PT${(Math.max(0, duration_ms) / SECOND_MS).toFixed(3)}S`;
}

const formats: Record<TimeZone, Intl.DateTimeFormat> = {
  local: makeFormat(undefined),
  utc: makeFormat("UTC"),
};

function makeFormat(timeZone: string | undefined): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
  });
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function parts(at: Date, zone: TimeZone) {
  const found = Object.fromEntries(formats[zone].formatToParts(at).map((part) => [part.type, part.value]));
  const { year = "", month = "", day = "", hour = "", minute = "", second = "", timeZoneName = "" } = found;
  return {
    year,
    hour,
    minute,
    second,
    date: `${year}-${month}-${day}`,
    day: String(Number(day)),
    month: MONTHS[Number(month) - 1] ?? month,
    zoneName: timeZoneName,
  };
}

function pad(value: number): string {
  return String(value).padStart(2, "0");
}
