/** Stepping through the matches of a search that the server does, one page of them at a time. */

import type { LogHit } from "../../api/types.ts";

export type SearchHits = {
  readonly hits: readonly LogHit[];
  /** The cursor of the page after these; null when the whole log has been searched, undefined before the first. */
  readonly next: string | null | undefined;
};

export const NOT_SEARCHED: SearchHits = { hits: [], next: undefined };

export function appendPage(before: SearchHits, page: SearchHits): SearchHits {
  return { hits: [...before.hits, ...page.hits], next: page.next };
}

type HitStep = { readonly at: number } | "load" | "none";

/** The hit after or before hit `at`. Wraps around only when the whole log has been searched. */
export function stepFrom({ hits, next }: SearchHits, at: number, by: 1 | -1): HitStep {
  const target = at + by;
  if (target >= 0 && target < hits.length) return { at: target };
  if (by === 1 && next !== null) return "load";
  if (hits.length === 0) return "none";
  if (by === 1) return { at: 0 };
  return next === null ? { at: hits.length - 1 } : { at: 0 };
}

/** `3 of 12`, or `3 of 100+` while there may be more. */
export function hitCountText({ hits, next }: SearchHits, at: number): string {
  if (hits.length === 0) return next === null ? "no matches" : "";
  return `${at + 1} of ${hits.length.toLocaleString("en")}${next === null ? "" : "+"}`;
}
