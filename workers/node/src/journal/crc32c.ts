// Castagnoli's polynomial, bits reversed.
const POLYNOMIAL = 0x82f63b78;
const STRIDE = 8;

// Table k holds the checksum of each byte followed by k zero bytes, so that eight bytes are taken in one step
// ("slicing by 8", Kounavis and Berry 2005).
const TABLES = makeTables();

/** CRC-32C of `data`, 0 to 2³²−1. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  let position = 0;
  const wholeEnd = data.length - (data.length % STRIDE);
  const t = TABLES;
  while (position < wholeEnd) {
    const low = crc ^ word(data, position);
    const high = word(data, position + 4);
    crc =
      at(t, 1792 + (low & 0xff)) ^
      at(t, 1536 + ((low >>> 8) & 0xff)) ^
      at(t, 1280 + ((low >>> 16) & 0xff)) ^
      at(t, 1024 + (low >>> 24)) ^
      at(t, 768 + (high & 0xff)) ^
      at(t, 512 + ((high >>> 8) & 0xff)) ^
      at(t, 256 + ((high >>> 16) & 0xff)) ^
      at(t, high >>> 24);
    position += STRIDE;
  }
  for (; position < data.length; position += 1) {
    crc = at(t, (crc ^ at(data, position)) & 0xff) ^ (crc >>> 8);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function word(data: Uint8Array, position: number): number {
  return (
    at(data, position) |
    (at(data, position + 1) << 8) |
    (at(data, position + 2) << 16) |
    (at(data, position + 3) << 24)
  );
}

function at(numbers: Uint8Array | Uint32Array, index: number): number {
  // Never out of range; the fallback satisfies the compiler, and costs nothing once compiled.
  return numbers[index] ?? 0;
}

function makeTables(): Uint32Array {
  const tables = new Uint32Array(STRIDE * 256);
  for (let byte = 0; byte < 256; byte += 1) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    }
    tables[byte] = crc;
  }
  for (let index = 256; index < tables.length; index += 1) {
    const before = at(tables, index - 256);
    tables[index] = at(tables, before & 0xff) ^ (before >>> 8);
  }
  return tables;
}
