import type { CSSProperties, ReactNode } from "react";
import type { Colour, Segment, Style } from "./ansi.ts";

/** One line of a log with its styles. `matches` are the search matches in its plain text, in order. */
export function LineText({ segments, matches }: { segments: readonly Segment[]; matches: readonly Match[] }) {
  let start = 0;
  return segments.map((segment) => {
    const at = start;
    start += segment.text.length;
    const content = matches.length > 0 ? highlightMatches(segment.text, at, matches) : segment.text;
    return <SegmentText key={at} style={segment.style} content={content} />;
  });
}

type Match = { readonly start: number; readonly end: number };

/** The places of `query` in a line, ignoring case. */
export function findMatches(plain: string, query: string): Match[] {
  const marks: Match[] = [];
  const lowerPlain = plain.toLowerCase();
  const lowerQuery = query.toLowerCase();
  if (!lowerQuery || lowerPlain.length !== plain.length) return marks;
  for (
    let at = lowerPlain.indexOf(lowerQuery);
    at >= 0;
    at = lowerPlain.indexOf(lowerQuery, at + lowerQuery.length)
  ) {
    marks.push({ start: at, end: at + lowerQuery.length });
  }
  return marks;
}

function highlightMatches(text: string, offset: number, marks: readonly Match[]): ReactNode {
  const pieces: ReactNode[] = [];
  let at = 0;
  for (const mark of marks) {
    const start = Math.max(mark.start - offset, at);
    const end = Math.min(mark.end - offset, text.length);
    if (start >= end) continue;
    pieces.push(text.slice(at, start), <mark key={start}>{text.slice(start, end)}</mark>);
    at = end;
  }
  return pieces.length > 0 ? [...pieces, text.slice(at)] : text;
}

function SegmentText({ style, content }: { style: Style; content: ReactNode }) {
  const className = classNameOf(style);
  if (style.link) {
    return (
      <a
        className={className}
        style={colourVariables(style)}
        href={style.link}
        target="_blank"
        rel="noreferrer noopener"
      >
        {content}
      </a>
    );
  }
  return className ? (
    <span className={className} style={colourVariables(style)}>
      {content}
    </span>
  ) : (
    content
  );
}

const ATTRIBUTES = ["bold", "faint", "italic", "underline", "strike", "conceal"] as const;

function classNameOf(style: Style): string | undefined {
  const [foreground, background] = effectiveColours(style);
  const names: string[] = ATTRIBUTES.filter((attribute) => style[attribute]).map(
    (attribute) => `ansi-${attribute}`,
  );
  if (foreground)
    names.push(
      foreground.kind === "ansi" ? `fg-${foreground.index}` : background ? "fg-rgb-exact" : "fg-rgb",
    );
  if (background) names.push(background.kind === "ansi" ? `bg-${background.index}` : "bg-rgb");
  if (style.inverse && !foreground) names.push("fg-inverse");
  if (style.inverse && !background) names.push("bg-inverse");
  return names.length > 0 ? names.join(" ") : undefined;
}

function colourVariables(style: Style): CSSProperties | undefined {
  const [foreground, background] = effectiveColours(style);
  if (foreground?.kind !== "rgb" && background?.kind !== "rgb") return undefined;
  return {
    ...(foreground?.kind === "rgb" && { "--fg": foreground.css }),
    ...(background?.kind === "rgb" && { "--bg": background.css }),
  } as CSSProperties;
}

function effectiveColours(style: Style): [Colour | undefined, Colour | undefined] {
  return style.inverse ? [style.background, style.foreground] : [style.foreground, style.background];
}
