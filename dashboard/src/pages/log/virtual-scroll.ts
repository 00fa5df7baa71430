/**
 * Virtual scrolling of a log of any length: where the scroll bar is, and which rows are visible.
 *
 * A browser can't scroll further than about 33.5 million pixels (Firefox: 17.8), which is fewer than two million lines.
 * So the scrolling element is never taller than `TRACK_MAX_PX`, and the position is kept as `top_px`, the distance from the log's
 * beginning in unscaled pixels. Small movements (wheel, arrow and page keys) change `top_px` pixel for pixel; large ones (the
 * scroll bar, Home, End) are a fraction of the whole. When scrolling has settled, the scroll bar is corrected to match `top_px`.
 */

export const ROW_PX = 18;
/** Below every browser's limit, and fine enough that one pixel of a five-million-line log's bar is 12 rows. */
const TRACK_MAX_PX = 8_000_000;
const OVERSCAN_ROWS = 8;

export type Geometry = { readonly lines: number; readonly viewport_px: number };
export type RowRange = { readonly first: number; readonly count: number };

function contentHeight(lines: number): number {
  return lines * ROW_PX;
}

/** The height of the scrolling element's content. */
export function trackHeight(lines: number): number {
  return Math.min(contentHeight(lines), TRACK_MAX_PX);
}

function topMax({ lines, viewport_px }: Geometry): number {
  return Math.max(0, contentHeight(lines) - viewport_px);
}

function trackMax({ lines, viewport_px }: Geometry): number {
  return Math.max(0, trackHeight(lines) - viewport_px);
}

export function clampTop(top_px: number, geometry: Geometry): number {
  return Math.min(Math.max(0, top_px), topMax(geometry));
}

/** The element's `scrollTop` that corresponds to a top. */
export function scrollTopOf(top_px: number, geometry: Geometry): number {
  const max = topMax(geometry);
  return max === 0 ? 0 : (clampTop(top_px, geometry) / max) * trackMax(geometry);
}

/** The top after the scroll bar went from `before_px` to `after_px`; `isWheel` says that it can't have been dragged there. */
export function topAfterScroll(
  top_px: number,
  before_px: number,
  after_px: number,
  geometry: Geometry,
  isWheel = false,
): number {
  const max = trackMax(geometry);
  if (max === 0) return 0;
  if (contentHeight(geometry.lines) <= TRACK_MAX_PX) return clampTop(after_px, geometry);
  if (after_px <= 0) return 0;
  if (after_px >= max - 1) return topMax(geometry);
  const moved_px = after_px - before_px;
  const isSmall = isWheel || Math.abs(moved_px) <= geometry.viewport_px;
  return clampTop(isSmall ? top_px + moved_px : (after_px / max) * topMax(geometry), geometry);
}

/** The top that shows a line (from 0) a third of the way down the view. */
export function topOfLine(line: number, geometry: Geometry): number {
  return clampTop(line * ROW_PX - Math.floor(geometry.viewport_px / 3 / ROW_PX) * ROW_PX, geometry);
}

/** True when the last line is visible, to within half a row. */
export function isAtEnd(top_px: number, geometry: Geometry): boolean {
  return top_px >= topMax(geometry) - ROW_PX / 2;
}

/** The rows to render, with a few beyond each edge. */
export function visibleRange(top_px: number, { lines, viewport_px }: Geometry): RowRange {
  const first = Math.max(0, Math.floor(top_px / ROW_PX) - OVERSCAN_ROWS);
  const end = Math.min(lines, Math.ceil((top_px + viewport_px) / ROW_PX) + OVERSCAN_ROWS);
  return { first, count: Math.max(0, end - first) };
}

/** The numbers of the pages of `size` lines that a range touches. */
export function pagesOf(range: RowRange, size: number): number[] {
  if (range.count === 0) return [];
  const first = Math.floor(range.first / size);
  const last = Math.floor((range.first + range.count - 1) / size);
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}
