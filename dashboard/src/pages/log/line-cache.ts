/** The lines of a log around what is visible: fetched a page at a time, parsed once, evicted least recently used first. */

import { type ParsedLine, parseLines } from "../../log/parsed-line.ts";
import { pagesOf, type RowRange } from "./virtual-scroll.ts";

const PAGE_LINES = 500;
/** About 20,000 lines are kept, however long the log is. */
const CACHED_PAGES_MAX = 40;

type FetchLines = (first: number, count: number, signal: AbortSignal) => Promise<readonly string[]>;

type Page = { lines: readonly ParsedLine[]; isStale: boolean };

/** The cache of one log; `onChange` is called after every fetch, so that the view renders again. */
export class LineCache {
  private readonly pages = new Map<number, Page>();
  private readonly pending = new Map<number, AbortController>();
  private lines = 0;
  private size_bytes = 0;

  constructor(
    private readonly fetchLines: FetchLines,
    private readonly onChange: () => void,
    private readonly onProblem: (problem: unknown) => void,
    private readonly pageLines = PAGE_LINES,
    private readonly cachedPagesMax = CACHED_PAGES_MAX,
  ) {}

  /** Sets how long the log is. The page with the former end becomes stale and is fetched again when it is next needed. */
  setExtent(lines: number, size_bytes: number): void {
    if (lines === this.lines && size_bytes === this.size_bytes) return;
    const formerEnd = this.pages.get(Math.floor(Math.max(0, this.lines - 1) / this.pageLines));
    if (formerEnd) formerEnd.isStale = true;
    this.lines = lines;
    this.size_bytes = size_bytes;
  }

  line(number: number): ParsedLine | undefined {
    return this.pages.get(Math.floor(number / this.pageLines))?.lines[number % this.pageLines];
  }

  /** Fetches the missing pages of a range and aborts the fetches of pages outside it. */
  loadRange(range: RowRange): void {
    const needed = pagesOf(range, this.pageLines);
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
      const raw = await this.fetchLines(page * this.pageLines, this.pageLines, controller.signal);
      const isEnd = (page + 1) * this.pageLines > this.lines;
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
      if (this.pages.size <= this.cachedPagesMax) return;
      this.pages.delete(page);
    }
  }
}
