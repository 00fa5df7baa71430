/** The lines of a log that a window needs, fetched a page at a time, parsed once and forgotten when far away. */

import { PLAIN, parseSgr, type Segment } from "../../log/ansi.ts";
import { pagesOf, type Range } from "./virtual-scroll.ts";

export const PAGE_LINES = 500;
/** About 20,000 lines, which is all that is held of the longest log. */
export const PAGES_MAX = 40;
/** What is drawn of one line; the raw log has the rest. */
export const LINE_MAX_CHARS = 10_000;

export type Line = {
  readonly segments: readonly Segment[];
  readonly plain: string;
  /** How many characters are not drawn. */
  readonly cut_chars: number;
};

export type FetchLines = (first: number, count: number, signal: AbortSignal) => Promise<readonly string[]>;

type Page = { lines: readonly Line[]; isStale: boolean };

export class LogPages {
  private readonly pages = new Map<number, Page>();
  private readonly pending = new Map<number, AbortController>();
  private lines = 0;
  private size_bytes = 0;

  constructor(
    private readonly fetchLines: FetchLines,
    private readonly onChange: () => void,
    private readonly onProblem: (problem: unknown) => void,
  ) {}

  /** Tells how far the log reaches; the page with the former end is fetched again when it is next wanted. */
  setExtent(lines: number, size_bytes: number): void {
    if (lines === this.lines && size_bytes === this.size_bytes) return;
    const formerEnd = this.pages.get(Math.floor(Math.max(0, this.lines - 1) / PAGE_LINES));
    if (formerEnd) formerEnd.isStale = true;
    this.lines = lines;
    this.size_bytes = size_bytes;
  }

  line(number: number): Line | undefined {
    return this.pages.get(Math.floor(number / PAGE_LINES))?.lines[number % PAGE_LINES];
  }

  /** Fetches what is missing of a range and gives up fetches that nobody waits for any more. */
  want(range: Range): void {
    const wanted = pagesOf(range, PAGE_LINES);
    for (const [page, controller] of this.pending) {
      if (!wanted.includes(page)) controller.abort();
    }
    for (const page of wanted) {
      const held = this.pages.get(page);
      if (held) this.touch(page, held);
      if ((!held || held.isStale) && !this.pending.has(page)) void this.load(page);
    }
  }

  close(): void {
    for (const controller of this.pending.values()) controller.abort();
  }

  private async load(page: number): Promise<void> {
    const controller = new AbortController();
    const size_bytes = this.size_bytes;
    this.pending.set(page, controller);
    try {
      const raw = await this.fetchLines(page * PAGE_LINES, PAGE_LINES, controller.signal);
      const isEnd = (page + 1) * PAGE_LINES > this.lines;
      this.touch(page, { lines: parsePage(raw), isStale: isEnd && size_bytes !== this.size_bytes });
      this.forget();
    } catch (problem) {
      if (!controller.signal.aborted) this.onProblem(problem);
    } finally {
      this.pending.delete(page);
      this.onChange();
    }
  }

  private touch(page: number, held: Page): void {
    this.pages.delete(page);
    this.pages.set(page, held);
  }

  private forget(): void {
    for (const page of this.pages.keys()) {
      if (this.pages.size <= PAGES_MAX) return;
      this.pages.delete(page);
    }
  }
}

/** Lines of a page; a style goes on from line to line until it is reset or the page ends. */
export function parsePage(raw: readonly string[]): Line[] {
  let style = PLAIN;
  return raw.map((text) => {
    const parsed = parseSgr(text.length > LINE_MAX_CHARS ? text.slice(0, LINE_MAX_CHARS) : text, style);
    style = parsed.style;
    return {
      segments: parsed.segments,
      plain: parsed.segments.map((segment) => segment.text).join(""),
      cut_chars: Math.max(0, text.length - LINE_MAX_CHARS),
    };
  });
}
