/** How the app reads what the past has too: at a position, or of the present once the server has what this page knows of. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { readAtMinimumPosition } from "../live/minimum-position.ts";
import type { AsOf } from "../state/as-of.ts";
import { type ApiResponse, dataOrThrow } from "./client.ts";

type AsOfParam = { as_of?: number };
type PageParams = AsOfParam & { limit: number; cursor?: string };
type AtPosition = { position: number };
type Page = AtPosition & { next?: string | null };

export function asOfParam(asOf: AsOf): AsOfParam {
  return asOf === undefined ? {} : { as_of: Number(asOf) };
}

/** The past doesn't change, so only a read of the present waits for the minimum position. */
function readLatest<T extends AtPosition>(asOf: AsOf, request: () => Promise<T>): Promise<T> {
  return asOf === undefined ? readAtMinimumPosition(request) : request();
}

/** A read in one piece. `topics` are those of the facts that make it stale. */
export function asOfQuery<T extends AtPosition>(
  asOf: AsOf,
  key: string[],
  topics: string[],
  request: (params: AsOfParam, signal: AbortSignal) => Promise<ApiResponse<T>>,
) {
  return queryOptions({
    queryKey: [...key, asOf],
    queryFn: ({ signal }) => readLatest(asOf, () => dataOrThrow(request(asOfParam(asOf), signal))),
    meta: { topics, asOf },
  });
}

/** A read page by page, `limit` items each. `topics` are those of the facts that make it stale. */
export function pagedQuery<T extends Page>(
  asOf: AsOf,
  key: string[],
  topics: string[],
  limit: number,
  request: (params: PageParams, signal: AbortSignal) => Promise<ApiResponse<T>>,
) {
  return infiniteQueryOptions({
    queryKey: [...key, asOf],
    queryFn: ({ signal, pageParam }) => {
      const params = { ...asOfParam(asOf), limit, ...(pageParam && { cursor: pageParam }) };
      return readLatest(asOf, () => dataOrThrow(request(params, signal)));
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    meta: { topics, asOf },
  });
}
