/** Every read of the app: its key, its request, and the topics of facts that make it stale. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { readAtMinimumPosition } from "../live/minimum-position.ts";
import type { AsOf } from "../state/as-of.ts";
import { api, dataOrThrow } from "./client.ts";
import { problemFromResponse } from "./problem.ts";
import type { Health } from "./types.ts";

const PAGE_SIZE = 50;
const WITHOUT_BUILD_PAGE_SIZE = 10;
const BUILDERS_PAGE_SIZE = 10_000;
const WORKERS_PAGE_SIZE = 500;
const LOG_POLL_MS = 400;
const HEALTH_POLL_MS = 10_000;

/** The past doesn't change, so only a read of the present waits for the minimum position. */
function readLatest<T extends { position: number }>(asOf: AsOf, request: () => Promise<T>): Promise<T> {
  return asOf === undefined ? readAtMinimumPosition(request) : request();
}

function asOfParam(asOf: AsOf): { as_of?: number } {
  return asOf === undefined ? {} : { as_of: Number(asOf) };
}

export const homeQuery = (asOf: AsOf) =>
  queryOptions({
    queryKey: ["home", asOf],
    queryFn: ({ signal }) =>
      readLatest(asOf, () =>
        dataOrThrow(api.GET("/api/v1/home", { params: { query: asOfParam(asOf) }, signal })),
      ),
    meta: { topics: ["home"], asOf },
  });

/** Not of facts only, so it is polled. A server that is failing says so with 503 and the same body. */
export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: async ({ signal }) => {
    const { data, error, response } = await api.GET("/api/v1/health", { signal });
    const health = data ?? (error as unknown as Health);
    if (!Array.isArray(health?.problems)) throw problemFromResponse(response.status, error);
    return health;
  },
  refetchInterval: HEALTH_POLL_MS,
  meta: { topics: [], asOf: undefined },
});

/** Who lives is no fact, so it is polled like health. */
export const serversQuery = queryOptions({
  queryKey: ["servers"],
  queryFn: ({ signal }) => dataOrThrow(api.GET("/api/v1/servers", { signal })),
  refetchInterval: HEALTH_POLL_MS,
  meta: { topics: [], asOf: undefined },
});

export const buildersQuery = (asOf: AsOf) =>
  queryOptions({
    queryKey: ["builders", asOf],
    queryFn: ({ signal }) =>
      readLatest(asOf, () =>
        dataOrThrow(
          api.GET("/api/v1/builders", {
            params: { query: { ...asOfParam(asOf), limit: BUILDERS_PAGE_SIZE } },
            signal,
          }),
        ),
      ),
    meta: { topics: ["builders"], asOf },
  });

export const builderQuery = (asOf: AsOf, builder: string) =>
  queryOptions({
    queryKey: ["builder", builder, asOf],
    queryFn: ({ signal }) =>
      readLatest(asOf, () =>
        dataOrThrow(
          api.GET("/api/v1/builders/{name}", {
            params: { path: { name: builder }, query: asOfParam(asOf) },
            signal,
          }),
        ),
      ),
    meta: { topics: ["builders"], asOf },
  });

export const historyQuery = (asOf: AsOf, builder: string) =>
  infiniteQueryOptions({
    queryKey: ["history", builder, asOf],
    queryFn: ({ signal, pageParam }) =>
      readLatest(asOf, () =>
        dataOrThrow(
          api.GET("/api/v1/builds", {
            params: {
              query: {
                ...asOfParam(asOf),
                builder,
                limit: PAGE_SIZE,
                ...(pageParam && { cursor: pageParam }),
              },
            },
            signal,
          }),
        ),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    meta: { topics: ["builders"], asOf },
  });

export const buildQuery = (asOf: AsOf, build: string) =>
  queryOptions({
    queryKey: ["build", build, asOf],
    queryFn: ({ signal }) =>
      readLatest(asOf, () =>
        dataOrThrow(
          api.GET("/api/v1/builds/{build_id}", {
            params: { path: { build_id: build }, query: asOfParam(asOf) },
            signal,
          }),
        ),
      ),
    meta: { topics: [`build:${build}`], asOf },
  });

export const testsQuery = (asOf: AsOf, build: string) =>
  infiniteQueryOptions({
    queryKey: ["tests", build, asOf],
    queryFn: ({ signal, pageParam }) =>
      readLatest(asOf, () =>
        dataOrThrow(
          api.GET("/api/v1/builds/{build_id}/tests", {
            params: {
              path: { build_id: build },
              query: { ...asOfParam(asOf), limit: PAGE_SIZE, ...(pageParam && { cursor: pageParam }) },
            },
            signal,
          }),
        ),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    meta: { topics: [`build:${build}`], asOf },
  });

/** A log's extent is no fact until the log is finished, so an unfinished one is polled. */
export const logQuery = (log: string) =>
  queryOptions({
    queryKey: ["log", log],
    queryFn: ({ signal }) =>
      dataOrThrow(api.GET("/api/v1/logs/{log_id}", { params: { path: { log_id: log } }, signal })),
    refetchInterval: ({ state }) => (state.data?.extent.finished ? false : LOG_POLL_MS),
    meta: { topics: [`log:${log}`], asOf: undefined },
  });

export const queueQuery = (asOf: AsOf) =>
  infiniteQueryOptions({
    queryKey: ["queue", asOf],
    queryFn: ({ signal, pageParam }) =>
      readLatest(asOf, () =>
        dataOrThrow(
          api.GET("/api/v1/requests", {
            params: {
              query: {
                ...asOfParam(asOf),
                status: "waiting",
                limit: PAGE_SIZE,
                ...(pageParam && { cursor: pageParam }),
              },
            },
            signal,
          }),
        ),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    meta: { topics: ["queue"], asOf },
  });

/** Requests that were cancelled, or answered by the build of another. */
export const withoutBuildQuery = (asOf: AsOf) =>
  infiniteQueryOptions({
    queryKey: ["queue", "without-build", asOf],
    queryFn: ({ signal, pageParam }) =>
      readLatest(asOf, () =>
        dataOrThrow(
          api.GET("/api/v1/requests", {
            params: {
              query: {
                ...asOfParam(asOf),
                without_build: true,
                limit: WITHOUT_BUILD_PAGE_SIZE,
                ...(pageParam && { cursor: pageParam }),
              },
            },
            signal,
          }),
        ),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    meta: { topics: ["queue"], asOf },
  });

export const changesQuery = (asOf: AsOf) =>
  infiniteQueryOptions({
    queryKey: ["changes", asOf],
    queryFn: ({ signal, pageParam }) =>
      readLatest(asOf, () =>
        dataOrThrow(
          api.GET("/api/v1/changes", {
            params: {
              query: { ...asOfParam(asOf), limit: PAGE_SIZE, ...(pageParam && { cursor: pageParam }) },
            },
            signal,
          }),
        ),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    meta: { topics: ["changes"], asOf },
  });

export const changeQuery = (asOf: AsOf, change: string) =>
  queryOptions({
    queryKey: ["change", change, asOf],
    queryFn: ({ signal }) =>
      readLatest(asOf, () =>
        dataOrThrow(
          api.GET("/api/v1/changes/{change_id}", {
            params: { path: { change_id: change }, query: asOfParam(asOf) },
            signal,
          }),
        ),
      ),
    meta: { topics: ["changes"], asOf },
  });

/** Why a change was built or not, which requests and builds change as well. */
export const changeAnswersQuery = (asOf: AsOf, change: string) =>
  queryOptions({
    queryKey: ["change-answers", change, asOf],
    queryFn: ({ signal }) =>
      readLatest(asOf, () =>
        dataOrThrow(
          api.GET("/api/v1/changes/{change_id}/answers", {
            params: { path: { change_id: change }, query: asOfParam(asOf) },
            signal,
          }),
        ),
      ),
    meta: { topics: ["changes", "queue"], asOf },
  });

export const workersQuery = (asOf: AsOf, isFormer: boolean) =>
  infiniteQueryOptions({
    queryKey: ["workers", isFormer, asOf],
    queryFn: ({ signal, pageParam }) =>
      readLatest(asOf, () =>
        dataOrThrow(
          api.GET("/api/v1/workers", {
            params: {
              query: {
                ...asOfParam(asOf),
                limit: WORKERS_PAGE_SIZE,
                ...(isFormer && { former: true }),
                ...(pageParam && { cursor: pageParam }),
              },
            },
            signal,
          }),
        ),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
    meta: { topics: ["workers"], asOf },
  });

/** The fact at a position of the past, or the last before it: it says which moment the position stands for. */
export const asOfMomentQuery = (asOf: AsOf) =>
  queryOptions({
    queryKey: ["as-of-moment", asOf],
    queryFn: ({ signal }) =>
      dataOrThrow(
        api.GET("/api/v1/facts", {
          params: { query: { ...asOfParam(asOf), order: "desc", limit: 1 } },
          signal,
        }),
      ),
    meta: { topics: [], asOf },
  });

export const uiConfigQuery = queryOptions({
  queryKey: ["ui-config"],
  queryFn: ({ signal }) => dataOrThrow(api.GET("/api/v1/ui-config", { signal })),
  meta: { topics: [], asOf: undefined },
});
