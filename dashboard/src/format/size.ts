const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** `812 B`, `1.4 MB`: a size for people, in powers of a thousand. */
export function formatSize(size_bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(size_bytes, 1)) / 3), UNITS.length - 1);
  const value = size_bytes / 1_000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${UNITS[power]}`;
}
