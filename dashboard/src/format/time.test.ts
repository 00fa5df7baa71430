import { describe, expect, it } from "vitest";
import { formatAgo, formatDuration, formatFull, formatShort, isoDuration } from "./time.ts";

const now = new Date("2026-11-22T14:32:07Z");

describe("formatDuration", () => {
  it.each([
    [0, "0.0 s"],
    [-5, "0.0 s"],
    [440, "0.4 s"],
    [9_949, "9.9 s"],
    [9_950, "10 s"],
    [59_499, "59 s"],
    [59_600, "1 m 00 s"],
    [184_000, "3 m 04 s"],
    [3_599_800, "1 h 00 m"],
    [7_500_000, "2 h 05 m"],
    [273_600_000, "3 d 04 h"],
  ])("writes %d ms as %s", (duration_ms, text) => {
    expect(formatDuration(duration_ms)).toBe(text);
  });
});

it("writes a duration that is still passing in whole seconds", () => {
  expect(formatDuration(3_900, true)).toBe("3 s");
  expect(formatDuration(61_900, true)).toBe("1 m 01 s");
});

describe("formatAgo", () => {
  it.each([
    [0, "just now"],
    [-4_000, "just now"],
    [42_000, "42 s ago"],
    [119_000, "1 min ago"],
    [3 * 3_600_000, "3 h ago"],
    [26 * 3_600_000, "1 day ago"],
    [21 * 86_400_000, "21 days ago"],
    [-90_000, "in 1 min"],
  ])("writes a distance of %d ms as %s", (distance_ms, text) => {
    expect(formatAgo(now.getTime() - distance_ms, now.getTime())).toBe(text);
  });
});

describe("clock times", () => {
  it("leaves out what is the same as today", () => {
    expect(formatShort(new Date("2026-11-22T01:05:00Z"), now, "utc")).toBe("01:05Z");
    expect(formatShort(new Date("2026-11-02T01:05:00Z"), now, "utc")).toBe("2 Nov 01:05Z");
    expect(formatShort(new Date("2025-11-22T01:05:00Z"), now, "utc")).toBe("22 Nov 2025 01:05Z");
  });

  it("always says the zone in the full form", () => {
    expect(formatFull(now, "utc")).toBe("2026-11-22 14:32:07 UTC");
  });

  it("writes a duration as ISO 8601 for machines", () => {
    expect(isoDuration(1_234)).toBe("PT1.234S");
  });
});
