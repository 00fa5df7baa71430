import { describe, expect, it } from "vitest";
import {
  isAtEnd,
  pagesOf,
  ROW_PX,
  scrollTopOf,
  topAfterScroll,
  topOfLine,
  trackHeight,
  visibleRange,
} from "./virtual-scroll.ts";

const TRACK_MAX_PX = 8_000_000;
const small = { lines: 1_000, viewport_px: 600 };
const huge = { lines: 5_000_000, viewport_px: 600 };
const hugeEnd_px = huge.lines * ROW_PX - huge.viewport_px;

describe("a log that fits a browser's limit", () => {
  it("scrolls pixel for pixel", () => {
    expect(trackHeight(small.lines)).toBe(18_000);
    expect(topAfterScroll(0, 0, 5_000, small)).toBe(5_000);
    expect(scrollTopOf(5_000, small)).toBe(5_000);
  });

  it("stays at the top when shorter than the window", () => {
    expect(topAfterScroll(0, 0, 40, { lines: 3, viewport_px: 600 })).toBe(0);
    expect(visibleRange(0, { lines: 3, viewport_px: 600 })).toEqual({ first: 0, count: 3 });
    expect(visibleRange(0, { lines: 0, viewport_px: 600 })).toEqual({ first: 0, count: 0 });
  });
});

describe("a log of five million lines", () => {
  it("never asks the browser for more than it can scroll", () => {
    expect(huge.lines * ROW_PX).toBeGreaterThan(33_554_428);
    expect(trackHeight(huge.lines)).toBe(TRACK_MAX_PX);
  });

  it("moves by the same few pixels that the wheel moved", () => {
    const top = topOfLine(2_500_000, huge);
    const scrollTop = scrollTopOf(top, huge);
    expect(topAfterScroll(top, scrollTop, scrollTop + 120, huge)).toBe(top + 120);
    expect(topAfterScroll(top, scrollTop, scrollTop - 120, huge)).toBe(top - 120);
  });

  it("takes even a violent turn of the wheel for pixels, not for a share of the log", () => {
    const top = topOfLine(2_500_000, huge);
    const bar = scrollTopOf(top, huge);
    expect(topAfterScroll(top, bar, bar + 5_000, huge, true)).toBe(top + 5_000);
  });

  it("goes to the same share of the log when the bar is dragged", () => {
    const half = (TRACK_MAX_PX - huge.viewport_px) / 2;
    expect(topAfterScroll(0, 0, half, huge)).toBeCloseTo(hugeEnd_px / 2, 5);
  });

  it("reaches both ends exactly", () => {
    expect(topAfterScroll(1_000, 500, 0, huge)).toBe(0);
    const end = topAfterScroll(0, 0, TRACK_MAX_PX - huge.viewport_px, huge);
    expect(end).toBe(hugeEnd_px);
    expect(isAtEnd(end, huge)).toBe(true);
    const { first, count } = visibleRange(end, huge);
    expect(first + count).toBe(5_000_000);
  });

  it("shows any line it is asked for, and the bar agrees", () => {
    for (const line of [0, 1, 17, 749_999, 1_864_132, 4_999_999]) {
      const top = topOfLine(line, huge);
      const { first, count } = visibleRange(top, huge);
      expect(line).toBeGreaterThanOrEqual(first);
      expect(line).toBeLessThan(first + count);
      const bar = scrollTopOf(top, huge);
      expect(Math.abs(topAfterScroll(0, -TRACK_MAX_PX, bar, huge) - top)).toBeLessThan(ROW_PX);
    }
  });

  it("passes every line when scrolled by wheel from end to beginning in small steps near the edge", () => {
    let top = ROW_PX * 40;
    let bar = scrollTopOf(top, huge);
    for (let step = 0; step < 20; step += 1) {
      const next = bar - 1;
      top = topAfterScroll(top, bar, Math.max(next, 0), huge);
      bar = Math.max(next, 0);
    }
    expect(top).toBeGreaterThanOrEqual(0);
    expect(top).toBeLessThan(ROW_PX * 40);
  });
});

describe("pages", () => {
  it("are those that the range touches", () => {
    expect(pagesOf({ first: 0, count: 0 }, 500)).toEqual([]);
    expect(pagesOf({ first: 0, count: 500 }, 500)).toEqual([0]);
    expect(pagesOf({ first: 499, count: 2 }, 500)).toEqual([0, 1]);
    expect(pagesOf({ first: 1_200, count: 900 }, 500)).toEqual([2, 3, 4]);
  });
});
