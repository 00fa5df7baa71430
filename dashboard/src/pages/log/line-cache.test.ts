import { describe, expect, it } from "vitest";
import { LineCache } from "./line-cache.ts";

const PAGE_LINES = 500;
const CACHED_PAGES_MAX = 3;

function setUp() {
  const requests: { first: number; signal: AbortSignal; respond: (lines: string[]) => Promise<void> }[] = [];
  const problems: unknown[] = [];
  const cache = new LineCache(
    (first, _count, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        requests.push({
          first,
          signal,
          respond: async (lines) => {
            resolve(lines);
            for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
          },
        });
      }),
    () => {},
    (problem) => problems.push(problem),
    PAGE_LINES,
    CACHED_PAGES_MAX,
  );
  return { cache, requests, problems };
}

describe("LineCache", () => {
  it("fetches the pages of a range once", async () => {
    const { cache, requests } = setUp();
    cache.setExtent(2_000, 9_000);
    cache.loadRange({ first: 480, count: 40 });
    cache.loadRange({ first: 481, count: 40 });
    expect(requests.map((request) => request.first)).toEqual([0, PAGE_LINES]);
    await requests[0]?.respond(["a", "b"]);
    expect(cache.line(1)?.plain).toBe("b");
    expect(cache.line(700)).toBeUndefined();
  });

  it("aborts the fetch of a page that was scrolled past, and reports no problem", async () => {
    const { cache, requests, problems } = setUp();
    cache.setExtent(2_000_000, 9_000);
    cache.loadRange({ first: 0, count: 40 });
    cache.loadRange({ first: 1_000_000, count: 40 });
    expect(requests[0]?.signal.aborted).toBe(true);
    await Promise.resolve();
    expect(problems).toEqual([]);
  });

  it("fetches the last page again when the log has grown, and keeps the old lines until then", async () => {
    const { cache, requests } = setUp();
    cache.setExtent(1, 3);
    cache.loadRange({ first: 0, count: 1 });
    await requests[0]?.respond(["par"]);
    cache.setExtent(2, 12);
    cache.loadRange({ first: 0, count: 2 });
    expect(requests).toHaveLength(2);
    expect(cache.line(0)?.plain).toBe("par");
    await requests[1]?.respond(["partial", "next"]);
    expect(cache.line(0)?.plain).toBe("partial");
    cache.loadRange({ first: 0, count: 2 });
    expect(requests).toHaveLength(2);
  });

  it("fetches once more when the log grew while its last page was being fetched", async () => {
    const { cache, requests } = setUp();
    cache.setExtent(1, 3);
    cache.loadRange({ first: 0, count: 1 });
    cache.setExtent(2, 6);
    await requests[0]?.respond(["one"]);
    cache.loadRange({ first: 0, count: 2 });
    expect(requests).toHaveLength(2);
  });

  it("keeps a limited number of pages", async () => {
    const { cache, requests } = setUp();
    cache.setExtent(10_000_000, 1);
    for (let page = 0; page <= CACHED_PAGES_MAX; page += 1) {
      cache.loadRange({ first: page * PAGE_LINES, count: 1 });
      await requests[page]?.respond(["x"]);
    }
    expect(cache.line(0)).toBeUndefined();
    expect(cache.line(PAGE_LINES)?.plain).toBe("x");
  });
});
