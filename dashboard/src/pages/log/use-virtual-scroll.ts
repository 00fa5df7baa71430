import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import {
  clampTop,
  type Geometry,
  isAtEnd,
  scrollTopOf,
  topAfterScroll,
  topOfLine,
} from "./virtual-scroll.ts";

export type ScrollProps = {
  lines: number;
  isFollowing: boolean;
  onFollow(isFollowing: boolean): void;
  /** A line (from 1) to scroll to; a new object scrolls again. */
  target: { readonly line: number } | undefined;
};

const SCROLL_SETTLED_MS = 160;
/** A scroll event this soon after a wheel event was caused by the wheel. */
const WHEEL_SCROLL_MS = 250;

/** Where a log of any length is scrolled to, and what its scrolling element has to do for it. */
export function useVirtualScroll({ lines, isFollowing, onFollow, target }: ScrollProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const scrollTop_px = useRef(0);
  const wheelTurnedAt_ms = useRef(Number.NEGATIVE_INFINITY);
  const lastTarget = useRef<ScrollProps["target"]>(undefined);
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

  const onWheel = () => {
    wheelTurnedAt_ms.current = performance.now();
  };

  return { scroller, top_px, viewport_px, onScroll, onWheel, onKeyDown };
}
