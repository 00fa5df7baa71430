/**
 * Terminal output as styled text. Escape sequences become data, never markup: what a build prints can colour its own
 * text and link to http(s) pages, and nothing else. Every other sequence is dropped; other control characters are shown.
 */

export type Colour = { kind: "ansi"; index: number } | { kind: "rgb"; css: string };

export type Style = {
  readonly foreground?: Colour;
  readonly background?: Colour;
  readonly bold?: boolean;
  readonly faint?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly strike?: boolean;
  readonly inverse?: boolean;
  readonly conceal?: boolean;
  /** An absolute http or https URL from an OSC 8 sequence. */
  readonly link?: string;
};

export type Segment = { readonly text: string; readonly style: Style };

type ParsedText = {
  readonly segments: readonly Segment[];
  /** The style after the text, which the next line starts with. */
  readonly style: Style;
  /** The beginning of a sequence whose end hasn't arrived; to be put before the text that follows. */
  readonly rest: string;
};

export const PLAIN: Style = {};
/** A sequence longer than this is no sequence: its introducer is dropped and the rest is text. */
const SEQUENCE_MAX_CHARS = 4_096;

const ESC = "\x1b";
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this file is about
const CONTROL_CHARACTER = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Parses one line, or a piece of it, that starts in `style`. */
export function parseAnsi(text: string, style: Style = PLAIN): ParsedText {
  const builder = new SegmentBuilder(style);
  CONTROL_CHARACTER.lastIndex = 0;
  let at = 0;
  for (let match = CONTROL_CHARACTER.exec(text); match; match = CONTROL_CHARACTER.exec(text)) {
    builder.append(text.slice(at, match.index));
    const sequence = readSequence(text, match.index);
    if (sequence === "incomplete") return { ...builder.finish(), rest: text.slice(match.index) };
    if (sequence) {
      builder.apply(sequence);
      at = match.index + sequence.length;
    } else {
      builder.control(text.charCodeAt(match.index), match.index === text.length - 1);
      at = match.index + 1;
    }
    CONTROL_CHARACTER.lastIndex = at;
  }
  builder.append(text.slice(at));
  return { ...builder.finish(), rest: "" };
}

type Sequence = { kind: "sgr" | "link" | "other"; body: string; length: number };

function readSequence(text: string, start: number): Sequence | "incomplete" | undefined {
  const first = text[start];
  if (first === "\x9b") return readCsi(text, start, start + 1);
  if (first === "\x9d") return readString(text, start, start + 1, true);
  if (first === "\x90" || first === "\x98" || first === "\x9e" || first === "\x9f") {
    return readString(text, start, start + 1, false);
  }
  if (first !== ESC) return undefined;
  if (start + 1 >= text.length) return "incomplete";
  const second = text[start + 1] as string;
  if (second === "[") return readCsi(text, start, start + 2);
  if (second === "]") return readString(text, start, start + 2, true);
  if ("PX^_".includes(second)) return readString(text, start, start + 2, false);
  if (second >= " " && second <= "/") {
    return start + 2 < text.length ? { kind: "other", body: "", length: 3 } : "incomplete";
  }
  if (second >= "0" && second <= "~") return { kind: "other", body: "", length: 2 };
  return { kind: "other", body: "", length: 1 };
}

function readCsi(text: string, start: number, from: number): Sequence | "incomplete" {
  const limit = Math.min(text.length, start + SEQUENCE_MAX_CHARS);
  for (let at = from; at < limit; at += 1) {
    const code = text.charCodeAt(at);
    if (code >= 0x40 && code <= 0x7e) {
      return { kind: code === 0x6d ? "sgr" : "other", body: text.slice(from, at), length: at + 1 - start };
    }
    if (code < 0x20 || code > 0x3f) return { kind: "other", body: "", length: at - start };
  }
  return limit === text.length ? "incomplete" : { kind: "other", body: "", length: from - start };
}

function readString(text: string, start: number, from: number, isOsc: boolean): Sequence | "incomplete" {
  const limit = Math.min(text.length, start + SEQUENCE_MAX_CHARS);
  for (let at = from; at < limit; at += 1) {
    const character = text[at];
    const isTwoCharEnd = character === ESC && text[at + 1] === "\\";
    if (isTwoCharEnd || character === "\x9c" || (isOsc && character === "\x07")) {
      const kind = isOsc && text.startsWith("8;", from) ? "link" : "other";
      return { kind, body: text.slice(from, at), length: at + (isTwoCharEnd ? 2 : 1) - start };
    }
  }
  return limit === text.length ? "incomplete" : { kind: "other", body: "", length: from - start };
}

class SegmentBuilder {
  private readonly segments: Segment[] = [];
  private style: Style;

  constructor(style: Style) {
    this.style = style;
  }

  append(text: string): void {
    if (!text) return;
    const last = this.segments.at(-1);
    if (last && last.style === this.style) {
      this.segments[this.segments.length - 1] = { text: last.text + text, style: this.style };
    } else {
      this.segments.push({ text, style: this.style });
    }
  }

  apply(sequence: Sequence): void {
    if (sequence.kind === "sgr") this.style = applySgr(this.style, sequence.body);
    if (sequence.kind === "link") this.style = { ...this.style, link: safeLinkUrl(sequence.body) };
  }

  /** A carriage return starts the line again, as a progress bar means it; a last one belongs to the line's end. */
  control(code: number, isLast: boolean): void {
    if (code === 0x0d || code === 0x0a) {
      if (!isLast && code === 0x0d) this.segments.length = 0;
    } else if (code === 0x08) {
      const last = this.segments.pop();
      if (last && last.text.length > 1)
        this.segments.push({ text: last.text.slice(0, -1), style: last.style });
    } else if (code !== 0x07) {
      this.append(visibleForm(code));
    }
  }

  finish(): { segments: readonly Segment[]; style: Style } {
    return { segments: this.segments, style: this.style };
  }
}

/** As `less` and `cat -v` write it, which every font can show. */
function visibleForm(code: number): string {
  if (code < 0x20) return `^${String.fromCharCode(0x40 + code)}`;
  if (code === 0x7f) return "^?";
  return `\u27e8U+${code.toString(16).toUpperCase().padStart(4, "0")}\u27e9`;
}

/** The URL of `8;params;URL` when it is http or https without a user name or password; otherwise undefined. */
function safeLinkUrl(body: string): string | undefined {
  const url = body.slice(body.indexOf(";", 2) + 1);
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  return parsed.username || parsed.password ? undefined : parsed.href;
}

const ATTRIBUTE_CODES: Readonly<Record<number, Partial<Style>>> = {
  1: { bold: true },
  2: { faint: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  8: { conceal: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: undefined, faint: undefined },
  23: { italic: undefined },
  24: { underline: undefined },
  27: { inverse: undefined },
  28: { conceal: undefined },
  29: { strike: undefined },
  39: { foreground: undefined },
  49: { background: undefined },
};

function applySgr(before: Style, body: string): Style {
  if (/[^0-9;:]/.test(body)) return before;
  let style = before;
  const groups = body.split(";");
  for (let at = 0; at < groups.length; at += 1) {
    const group = groups[at] as string;
    const code = Number.parseInt(group, 10) || 0;
    if (code === 0) style = style.link ? { link: style.link } : PLAIN;
    else if (code === 4 && group === "4:0") style = { ...style, underline: undefined };
    else if (code === 38 || code === 48) {
      const { colour, used } = group.includes(":") ? colonColour(group) : plainColour(groups, at);
      if (colour) style = { ...style, [code === 38 ? "foreground" : "background"]: colour };
      at += used;
    } else {
      style = { ...style, ...(ATTRIBUTE_CODES[code] ?? paletteChange(code)) };
    }
  }
  return style;
}

function paletteChange(code: number): Partial<Style> {
  if (code >= 30 && code <= 37) return { foreground: { kind: "ansi", index: code - 30 } };
  if (code >= 40 && code <= 47) return { background: { kind: "ansi", index: code - 40 } };
  if (code >= 90 && code <= 97) return { foreground: { kind: "ansi", index: code - 82 } };
  if (code >= 100 && code <= 107) return { background: { kind: "ansi", index: code - 92 } };
  return {};
}

/** `38;5;n` or `38;2;r;g;b`, each value a group of its own. */
function plainColour(groups: readonly string[], at: number): { colour?: Colour; used: number } {
  const values = groups.slice(at + 1, at + 5).map(Number);
  if (values[0] === 5) return { colour: indexed(values[1]), used: 2 };
  if (values[0] === 2) return { colour: rgb(values[1], values[2], values[3]), used: 4 };
  return { used: 0 };
}

/** `38:5:n`, `38:2:r:g:b` or `38:2:space:r:g:b`, all in one group. */
function colonColour(group: string): { colour?: Colour; used: number } {
  const values = group.split(":").slice(1).map(Number);
  if (values[0] === 5) return { colour: indexed(values[1]), used: 0 };
  if (values[0] === 2) {
    const [red, green, blue] = values.length > 4 ? values.slice(2) : values.slice(1);
    return { colour: rgb(red, green, blue), used: 0 };
  }
  return { used: 0 };
}

function rgb(...channels: readonly (number | undefined)[]): Colour | undefined {
  if (channels.some((channel) => channel === undefined || !(channel >= 0 && channel <= 255)))
    return undefined;
  return { kind: "rgb", css: `rgb(${channels.join(" ")})` };
}

const CUBE = [0, 95, 135, 175, 215, 255];

/** xterm's 256 colours: 16 of the theme, a 6×6×6 cube, 24 greys. */
function indexed(index: number | undefined): Colour | undefined {
  if (index === undefined || !(index >= 0 && index <= 255)) return undefined;
  if (index < 16) return { kind: "ansi", index };
  if (index >= 232) return rgb(...Array<number>(3).fill(8 + (index - 232) * 10));
  const cell = index - 16;
  return rgb(CUBE[Math.floor(cell / 36)], CUBE[Math.floor(cell / 6) % 6], CUBE[cell % 6]);
}
