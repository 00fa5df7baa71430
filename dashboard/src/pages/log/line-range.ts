/** The selected lines of a log as the fragment of its URL: `#L120`, `#L120-L140`. Lines count from 1. */

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

/** The selection after a click on a line's number; Shift extends the previous selection from its first line. */
export function selectLines(before: LineRange | undefined, line: number, isExtending: boolean): LineRange {
  if (!before || !isExtending) return { from: line, to: line };
  return { from: Math.min(before.from, line), to: Math.max(before.from, line) };
}
