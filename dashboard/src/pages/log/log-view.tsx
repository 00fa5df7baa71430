import { useEffect } from "react";
import { plural } from "../../format/plural.ts";
import { findMatches, LineText } from "../../log/line-text.tsx";
import type { LineCache } from "./line-cache.ts";
import type { LineRange } from "./line-range.ts";
import { type ScrollProps, useVirtualScroll } from "./use-virtual-scroll.ts";
import { ROW_PX, trackHeight, visibleRange } from "./virtual-scroll.ts";
import "../../log/log-lines.css";

type LogViewProps = ScrollProps & {
  lineCache: LineCache;
  selection: LineRange | undefined;
  query: string;
  /** The line (from 1) of the current search hit. */
  hit: number | undefined;
  onSelect(line: number, isExtending: boolean): void;
};

/** The scrolling view of a log of any length; only the visible rows are in the document. */
export function LogView(props: LogViewProps) {
  const { lineCache, lines, selection, query, hit, onSelect } = props;
  const { scroller, top_px, viewport_px, onScroll, onWheel, onKeyDown } = useVirtualScroll(props);
  const range = visibleRange(top_px, { lines, viewport_px });
  useEffect(() => lineCache.loadRange(range));

  return (
    <section
      className="log"
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard
      tabIndex={0}
      aria-label={`Log, ${plural(lines, "line")}`}
      onScroll={onScroll}
      onWheel={onWheel}
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
