/** Every read of the app: its key, its request, and the topics of facts that make it stale. */

import { queryOptions } from "@tanstack/react-query";
import type { AsOf } from "../state/as-of.ts";
import { asOfParam, asOfQuery, pagedQuery } from "./as-of-queries.ts";
import { api, dataOrThrow } from "./client.ts";
import { problemFromResponse } from "./problem.ts";
import type { Health, PipelineOutcome } from "./types.ts";

const PAGE_SIZE = 50;
const WITHOUT_BUILD_PAGE_SIZE = 10;
const BUILDERS_PAGE_SIZE = 10_000;
const WORKERS_PAGE_SIZE = 500;
const LOG_POLL_MS = 400;
const HEALTH_POLL_MS = 10_000;

export const homeQuery = (asOf: AsOf) =>
  asOfQuery(asOf, ["home"], ["home"], (query, signal) =>
    api.GET("/api/v1/home", { params: { query }, signal }),
  );

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
  asOfQuery(asOf, ["builders"], ["builders"], (query, signal) =>
    api.GET("/api/v1/builders", { params: { query: { ...query, limit: BUILDERS_PAGE_SIZE } }, signal }),
  );

export const projectsQuery = (asOf: AsOf) =>
  asOfQuery(asOf, ["projects"], ["builders"], (query, signal) =>
    api.GET("/api/v1/projects", { params: { query }, signal }),
  );

export const builderQuery = (asOf: AsOf, builder: string) =>
  asOfQuery(asOf, ["builder", builder], ["builders", "changes"], (query, signal) =>
    api.GET("/api/v1/builders/{name}", { params: { path: { name: builder }, query }, signal }),
  );

/** The builder as the configuration in force defines it. */
export const definitionQuery = (asOf: AsOf, builder: string) =>
  asOfQuery(asOf, ["definition", builder], ["configuration"], (query, signal) =>
    api.GET("/api/v1/builders/{name}/definition", { params: { path: { name: builder }, query }, signal }),
  );

export const historyQuery = (asOf: AsOf, builder: string) =>
  pagedQuery(asOf, ["history", builder], ["builders"], PAGE_SIZE, (query, signal) =>
    api.GET("/api/v1/builds", { params: { query: { ...query, builder } }, signal }),
  );

export const buildQuery = (asOf: AsOf, build: string) =>
  asOfQuery(asOf, ["build", build], [`build:${build}`, "locks"], (query, signal) =>
    api.GET("/api/v1/builds/{build_id}", { params: { path: { build_id: build }, query }, signal }),
  );

export const testsQuery = (asOf: AsOf, build: string) =>
  pagedQuery(asOf, ["tests", build], [`build:${build}`], PAGE_SIZE, (query, signal) =>
    api.GET("/api/v1/builds/{build_id}/tests", { params: { path: { build_id: build }, query }, signal }),
  );

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
  pagedQuery(asOf, ["queue"], ["queue"], PAGE_SIZE, (query, signal) =>
    api.GET("/api/v1/requests", { params: { query: { ...query, status: "waiting" } }, signal }),
  );

/** Requests that were cancelled, or answered by the build of another. */
export const withoutBuildQuery = (asOf: AsOf) =>
  pagedQuery(asOf, ["queue", "without-build"], ["queue"], WITHOUT_BUILD_PAGE_SIZE, (query, signal) =>
    api.GET("/api/v1/requests", { params: { query: { ...query, without_build: true } }, signal }),
  );

export const changesQuery = (asOf: AsOf) =>
  pagedQuery(asOf, ["changes"], ["changes"], PAGE_SIZE, (query, signal) =>
    api.GET("/api/v1/changes", { params: { query }, signal }),
  );

export const changeQuery = (asOf: AsOf, change: string) =>
  asOfQuery(asOf, ["change", change], ["changes"], (query, signal) =>
    api.GET("/api/v1/changes/{change_id}", { params: { path: { change_id: change }, query }, signal }),
  );

/** Why a change was built or not, which requests and builds change as well. */
export const changeAnswersQuery = (asOf: AsOf, change: string) =>
  asOfQuery(asOf, ["change-answers", change], ["changes", "queue"], (query, signal) =>
    api.GET("/api/v1/changes/{change_id}/answers", {
      params: { path: { change_id: change }, query },
      signal,
    }),
  );

export const sourcesQuery = (asOf: AsOf) =>
  asOfQuery(asOf, ["sources"], ["changes"], (query, signal) =>
    api.GET("/api/v1/sources", { params: { query }, signal }),
  );

/** What the file of a repository defines, branch by branch; with `outcome` only branches where that came of it. */
export const pipelinesQuery = (asOf: AsOf, source: string, outcome?: PipelineOutcome) =>
  pagedQuery(asOf, ["pipelines", source, outcome ?? ""], ["changes"], PAGE_SIZE, (query, signal) =>
    api.GET("/api/v1/sources/{name}/pipelines", {
      params: { path: { name: source }, query: { ...query, outcome } },
      signal,
    }),
  );

export const definedBuildersQuery = (asOf: AsOf, source: string) =>
  pagedQuery(asOf, ["defined-builders", source], ["changes"], PAGE_SIZE, (query, signal) =>
    api.GET("/api/v1/sources/{name}/defined-builders", {
      params: { path: { name: source }, query },
      signal,
    }),
  );

export const workersQuery = (asOf: AsOf, isFormer: boolean) =>
  pagedQuery(
    asOf,
    ["workers", isFormer ? "former" : "present"],
    ["workers"],
    WORKERS_PAGE_SIZE,
    (query, signal) =>
      api.GET("/api/v1/workers", {
        params: { query: { ...query, ...(isFormer && { former: true }) } },
        signal,
      }),
  );

export const revisionsQuery = (asOf: AsOf) =>
  pagedQuery(asOf, ["revisions"], ["configuration"], PAGE_SIZE, (query, signal) =>
    api.GET("/api/v1/config/revisions", { params: { query }, signal }),
  );

export const revisionQuery = (asOf: AsOf, revision: number) =>
  asOfQuery(asOf, ["revision", String(revision)], ["configuration"], (query, signal) =>
    api.GET("/api/v1/config/revisions/{number}", { params: { path: { number: revision }, query }, signal }),
  );

/** What going back to a revision would change now; of requests and builds only the numbers would be stale. */
export const revisionPlanQuery = (revision: number) =>
  asOfQuery(undefined, ["revision-plan", String(revision)], ["configuration"], (query, signal) =>
    api.GET("/api/v1/config/revisions/{number}/plan", {
      params: { path: { number: revision }, query },
      signal,
    }),
  );

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
