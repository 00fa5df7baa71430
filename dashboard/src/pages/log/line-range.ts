/** `#L120` and `#L120-L140`: lines counted from 1, as people do. */

export type LineRange = { readonly from: number; readonly to: number };

export function parseLineRange(hash: string): LineRange | undefined {
  const match = /^#?L(\d{1,12})(?:-L?(\d{1,12}))?$/.exec(hash);
  if (!match) return undefined;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  if (from < 1 || to < 1) return undefined;
  return { from: Math.min(from, to), to: Math.max(from, to) };
}

export function formatLineRange({ from, to }: LineRange): string {
  return from === to ? `L${from}` : `L${from}-L${to}`;
}

/** The selection after a click on a line's number; with shift it reaches from the one before. */
export function selectLines(before: LineRange | undefined, line: number, isExtending: boolean): LineRange {
  if (!before || !isExtending) return { from: line, to: line };
  return { from: Math.min(before.from, line), to: Math.max(before.from, line) };
}
