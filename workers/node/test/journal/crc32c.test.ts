import { expect, test } from "vitest";
import { crc32c } from "../../src/journal/crc32c.js";

test("checksums are those of RFC 3720, appendix B.4", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(ascending)).toBe(0x46dd794e);
  expect(crc32c(ascending.toReversed())).toBe(0x113fdb5c);
});

test("lengths that aren't a multiple of eight are summed to the last byte", () => {
  expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283);
  expect(crc32c(Buffer.from("a"))).toBe(0xc1d04330);
  expect(crc32c(new Uint8Array())).toBe(0);
});
