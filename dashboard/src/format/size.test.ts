import { expect, test } from "vitest";
import { formatSize } from "./size.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [1_400_000, "1.4 MB"],
  [5_000_000_000_000_000, "5000.0 TB"],
])("%d bytes are %s", (size_bytes, text) => {
  expect(formatSize(size_bytes)).toBe(text);
});
