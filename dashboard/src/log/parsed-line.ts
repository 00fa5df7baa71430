import { PLAIN, parseAnsi, type Segment } from "./ansi.ts";

/** How much of a line is shown; the raw log has the rest. */
const LINE_MAX_CHARS = 10_000;

export type ParsedLine = {
  readonly segments: readonly Segment[];
  /** The text without styles. */
  readonly plain: string;
  /** How many characters are not shown. */
  readonly cut_chars: number;
};

/** Parses consecutive lines of a log. A style lasts from line to line until it is reset. */
export function parseLines(raw: readonly string[], maxChars = LINE_MAX_CHARS): ParsedLine[] {
  let style = PLAIN;
  return raw.map((text) => {
    const parsed = parseAnsi(text.length > maxChars ? text.slice(0, maxChars) : text, style);
    style = parsed.style;
    return {
      segments: parsed.segments,
      plain: parsed.segments.map((segment) => segment.text).join(""),
      cut_chars: Math.max(0, text.length - maxChars),
    };
  });
}
