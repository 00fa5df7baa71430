import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import { plural } from "../../format/plural.ts";
import { findMatches, LineText } from "../../log/line-text.tsx";
import type { LineCache } from "./line-cache.ts";
import type { LineRange } from "./line-range.ts";
import {
  clampTop,
  type Geometry,
  isAtEnd,
  ROW_PX,
  scrollTopOf,
  topAfterScroll,
  topOfLine,
  trackHeight,
  visibleRange,
} from "./virtual-scroll.ts";
import "../../log/log-lines.css";

type LogViewProps = {
  lineCache: LineCache;
  lines: number;
  selection: LineRange | undefined;
  query: string;
  /** The line (from 1) of the current search hit. */
  hit: number | undefined;
  isFollowing: boolean;
  onFollow(isFollowing: boolean): void;
  onSelect(line: number, isExtending: boolean): void;
  /** A line (from 1) to scroll to; a new object scrolls again. */
  target: { readonly line: number } | undefined;
};

const SCROLL_SETTLED_MS = 160;
/** A scroll event this soon after a wheel event was caused by the wheel. */
const WHEEL_SCROLL_MS = 250;

/** The scrolling view of a log of any length; only the visible rows are in the document. */
export function LogView(props: LogViewProps) {
  const { lineCache, lines, selection, query, hit, isFollowing, onFollow, onSelect, target } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const scrollTop_px = useRef(0);
  const wheelTurnedAt_ms = useRef(Number.NEGATIVE_INFINITY);
  const lastTarget = useRef<LogViewProps["target"]>(undefined);
  const settleTimer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [viewport_px, setViewport] = useState(0);
  const [top_px, setTop] = useState(0);
  const geometry: Geometry = { lines, viewport_px };

  const setScrollTop = useCallback((to_px: number) => {
    const element = scroller.current;
    if (!element) return;
    element.scrollTop = to_px;
    scrollTop_px.current = element.scrollTop;
  }, []);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setViewport(element.clientHeight));
    observer.observe(element);
    setViewport(element.clientHeight);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (!target || target === lastTarget.current || viewport_px === 0 || lines < target.line) return;
    lastTarget.current = target;
    const to_px = topOfLine(target.line - 1, { lines, viewport_px });
    setTop(to_px);
    setScrollTop(scrollTopOf(to_px, { lines, viewport_px }));
  }, [target, lines, viewport_px, setScrollTop]);

  useLayoutEffect(() => {
    if (!isFollowing || viewport_px === 0) return;
    const to_px = clampTop(Number.POSITIVE_INFINITY, { lines, viewport_px });
    setTop(to_px);
    setScrollTop(scrollTopOf(to_px, { lines, viewport_px }));
  }, [isFollowing, lines, viewport_px, setScrollTop]);

  const range = visibleRange(top_px, geometry);
  useEffect(() => lineCache.loadRange(range));

  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    const before_px = scrollTop_px.current;
    const after_px = element.scrollTop;
    if (after_px === before_px) return;
    scrollTop_px.current = after_px;
    const next_px = topAfterScroll(
      top_px,
      before_px,
      after_px,
      geometry,
      performance.now() - wheelTurnedAt_ms.current < WHEEL_SCROLL_MS,
    );
    setTop(next_px);
    if (isFollowing !== isAtEnd(next_px, geometry)) onFollow(!isFollowing);
    clearTimeout(settleTimer.current);
    settleTimer.current = setTimeout(() => setScrollTop(scrollTopOf(next_px, geometry)), SCROLL_SETTLED_MS);
  };
  useEffect(() => () => clearTimeout(settleTimer.current), []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    const to_px = event.key === "Home" ? 0 : clampTop(Number.POSITIVE_INFINITY, geometry);
    setTop(to_px);
    setScrollTop(scrollTopOf(to_px, geometry));
    onFollow(event.key === "End");
  };

  return (
    <section
      className="log"
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
      tabIndex={0}
      aria-label={`Log, ${plural(lines, "line")}`}
      onScroll={onScroll}
      onWheel={() => {
        wheelTurnedAt_ms.current = performance.now();
      }}
      onKeyDown={onKeyDown}
    >
      <div className="log-track" style={{ height: Math.max(trackHeight(lines), 1) }}>
        <div className="log-window" style={{ height: Math.min(viewport_px, trackHeight(lines)) }}>
          <div style={{ transform: `translateY(${range.first * ROW_PX - top_px}px)` }}>
            {Array.from({ length: range.count }, (_, at) => {
              const number = range.first + at + 1;
              return (
                <LogRow
                  key={number}
                  number={number}
                  digits={String(lines).length}
                  line={lineCache.line(number - 1)}
                  isSelected={selection !== undefined && number >= selection.from && number <= selection.to}
                  isHit={number === hit}
                  query={query}
                  onSelect={onSelect}
                />
              );
            })}
          </div>
        </div>
      </div>
    </section>
  );
}

type LogRowProps = {
  number: number;
  digits: number;
  line: ReturnType<LineCache["line"]>;
  isSelected: boolean;
  isHit: boolean;
  query: string;
  onSelect(line: number, isExtending: boolean): void;
};

/** One line. Its number is skipped by the Tab key: there are too many, and the go-to-line input does the same. */
function LogRow({ number, digits, line, isSelected, isHit, query, onSelect }: LogRowProps) {
  return (
    <div className="log-row" data-selected={isSelected || undefined} data-hit={isHit || undefined}>
      <a
        className="log-number"
        tabIndex={-1}
        href={`#L${number}`}
        aria-label={`Line ${number}`}
        style={{ width: `${digits + 3}ch` }}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey) return;
          event.preventDefault();
          onSelect(number, event.shiftKey);
        }}
      >
        {number}
      </a>
      <span className="log-text">
        {line && <LineText segments={line.segments} matches={query ? findMatches(line.plain, query) : []} />}
        {line && line.cut_chars > 0 && (
          <span className="log-truncated"> … {plural(line.cut_chars, "more character")} in the raw log</span>
        )}
      </span>
    </div>
  );
}
