/** Going from hit to hit of a search that the server does, a page of hits at a time. */

import type { LogHit } from "../api/model.ts";

export type Found = {
  readonly hits: readonly LogHit[];
  /** Where the server would search on; null when it has seen the whole log. */
  readonly next_line: number | null;
};

export const NOTHING: Found = { hits: [], next_line: 0 };

export function withPage(before: Found, page: Found): Found {
  return { hits: [...before.hits, ...page.hits], next_line: page.next_line };
}

export type Move = { readonly at: number } | "load" | "none";

/** The hit after (or before) hit `at`; around the end only where the end is known. */
export function move({ hits, next_line }: Found, at: number, by: 1 | -1): Move {
  const wanted = at + by;
  if (wanted >= 0 && wanted < hits.length) return { at: wanted };
  if (by === 1 && next_line !== null) return "load";
  if (hits.length === 0) return "none";
  if (by === 1) return { at: 0 };
  return next_line === null ? { at: hits.length - 1 } : { at: 0 };
}

/** `3 of 12`, or `3 of 100+` while there may be more. */
export function countText({ hits, next_line }: Found, at: number): string {
  if (hits.length === 0) return next_line === null ? "no hit" : "";
  return `${at + 1} of ${hits.length.toLocaleString("en")}${next_line === null ? "" : "+"}`;
}
