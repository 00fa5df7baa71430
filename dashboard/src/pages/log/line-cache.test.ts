import { describe, expect, it } from "vitest";
import { CACHED_PAGES_MAX, LINE_MAX_CHARS, LineCache, PAGE_LINES, parseLines } from "./line-cache.ts";

function setUp() {
  const asked: { first: number; signal: AbortSignal; answer: (lines: string[]) => Promise<void> }[] = [];
  const problems: unknown[] = [];
  const pages = new LineCache(
    (first, _count, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        asked.push({
          first,
          signal,
          answer: async (lines) => {
            resolve(lines);
            for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
          },
        });
      }),
    () => {},
    (problem) => problems.push(problem),
  );
  return { pages, asked, problems };
}

describe("LogPages", () => {
  it("fetches the pages of a range once", async () => {
    const { pages, asked } = setUp();
    pages.setExtent(2_000, 9_000);
    pages.loadRange({ first: 480, count: 40 });
    pages.loadRange({ first: 481, count: 40 });
    expect(asked.map((request) => request.first)).toEqual([0, PAGE_LINES]);
    await asked[0]?.answer(["a", "b"]);
    expect(pages.line(1)?.plain).toBe("b");
    expect(pages.line(700)).toBeUndefined();
  });

  it("gives up a page that was scrolled past, without calling it a problem", async () => {
    const { pages, asked, problems } = setUp();
    pages.setExtent(2_000_000, 9_000);
    pages.loadRange({ first: 0, count: 40 });
    pages.loadRange({ first: 1_000_000, count: 40 });
    expect(asked[0]?.signal.aborted).toBe(true);
    await Promise.resolve();
    expect(problems).toEqual([]);
  });

  it("fetches the last page again when the log has grown, and shows what it has meanwhile", async () => {
    const { pages, asked } = setUp();
    pages.setExtent(1, 3);
    pages.loadRange({ first: 0, count: 1 });
    await asked[0]?.answer(["par"]);
    pages.setExtent(2, 12);
    pages.loadRange({ first: 0, count: 2 });
    expect(asked).toHaveLength(2);
    expect(pages.line(0)?.plain).toBe("par");
    await asked[1]?.answer(["partial", "next"]);
    expect(pages.line(0)?.plain).toBe("partial");
    pages.loadRange({ first: 0, count: 2 });
    expect(asked).toHaveLength(2);
  });

  it("fetches once more when the log grew while its last page was under way", async () => {
    const { pages, asked } = setUp();
    pages.setExtent(1, 3);
    pages.loadRange({ first: 0, count: 1 });
    pages.setExtent(2, 6);
    await asked[0]?.answer(["one"]);
    pages.loadRange({ first: 0, count: 2 });
    expect(asked).toHaveLength(2);
  });

  it("holds a limited number of pages", async () => {
    const { pages, asked } = setUp();
    pages.setExtent(10_000_000, 1);
    for (let page = 0; page <= CACHED_PAGES_MAX; page += 1) {
      pages.loadRange({ first: page * PAGE_LINES, count: 1 });
      await asked[page]?.answer(["x"]);
    }
    expect(pages.line(0)).toBeUndefined();
    expect(pages.line(PAGE_LINES)?.plain).toBe("x");
  });
});

describe("parsePage", () => {
  it("carries a colour from line to line", () => {
    const [, second] = parseLines(["\x1b[31mred", "still red\x1b[0m"]);
    expect(second?.segments[0]?.style.foreground).toEqual({ kind: "ansi", index: 1 });
  });

  it("draws the beginning of a line of a megabyte and says how much is left out", () => {
    const [line] = parseLines(["x".repeat(1_000_000)]);
    expect(line?.plain).toHaveLength(LINE_MAX_CHARS);
    expect(line?.cut_chars).toBe(1_000_000 - LINE_MAX_CHARS);
  });
});
