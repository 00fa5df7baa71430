/** The lines of a log that a window needs, fetched a page at a time, parsed once and forgotten when far away. */

import { PLAIN, parseAnsi, type Segment } from "../../log/ansi.ts";
import { pagesOf, type RowRange } from "./virtual-scroll.ts";

export const PAGE_LINES = 500;
/** About 20,000 lines, which is all that is held of the longest log. */
export const CACHED_PAGES_MAX = 40;
/** What is drawn of one line; the raw log has the rest. */
export const LINE_MAX_CHARS = 10_000;

export type ParsedLine = {
  readonly segments: readonly Segment[];
  readonly plain: string;
  /** How many characters are not drawn. */
  readonly cut_chars: number;
};

export type FetchLines = (first: number, count: number, signal: AbortSignal) => Promise<readonly string[]>;

type Page = { lines: readonly ParsedLine[]; isStale: boolean };

export class LineCache {
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

  line(number: number): ParsedLine | undefined {
    return this.pages.get(Math.floor(number / PAGE_LINES))?.lines[number % PAGE_LINES];
  }

  /** Fetches what is missing of a range and gives up fetches that nobody waits for any more. */
  loadRange(range: RowRange): void {
    const needed = pagesOf(range, PAGE_LINES);
    for (const [page, controller] of this.pending) {
      if (!needed.includes(page)) controller.abort();
    }
    for (const page of needed) {
      const cached = this.pages.get(page);
      if (cached) this.store(page, cached);
      if ((!cached || cached.isStale) && !this.pending.has(page)) void this.fetchPage(page);
    }
  }

  close(): void {
    for (const controller of this.pending.values()) controller.abort();
  }

  private async fetchPage(page: number): Promise<void> {
    const controller = new AbortController();
    const size_bytes = this.size_bytes;
    this.pending.set(page, controller);
    try {
      const raw = await this.fetchLines(page * PAGE_LINES, PAGE_LINES, controller.signal);
      const isEnd = (page + 1) * PAGE_LINES > this.lines;
      this.store(page, { lines: parseLines(raw), isStale: isEnd && size_bytes !== this.size_bytes });
      this.evict();
    } catch (problem) {
      if (!controller.signal.aborted) this.onProblem(problem);
    } finally {
      this.pending.delete(page);
      this.onChange();
    }
  }

  private store(page: number, entry: Page): void {
    this.pages.delete(page);
    this.pages.set(page, entry);
  }

  private evict(): void {
    for (const page of this.pages.keys()) {
      if (this.pages.size <= CACHED_PAGES_MAX) return;
      this.pages.delete(page);
    }
  }
}

/** Lines of a page; a style goes on from line to line until it is reset or the page ends. */
export function parseLines(raw: readonly string[]): ParsedLine[] {
  let style = PLAIN;
  return raw.map((text) => {
    const parsed = parseAnsi(text.length > LINE_MAX_CHARS ? text.slice(0, LINE_MAX_CHARS) : text, style);
    style = parsed.style;
    return {
      segments: parsed.segments,
      plain: parsed.segments.map((segment) => segment.text).join(""),
      cut_chars: Math.max(0, text.length - LINE_MAX_CHARS),
    };
  });
}
