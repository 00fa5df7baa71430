/** The routes: which page a URL shows and which queries are prefetched for it. */

import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  retainSearchParams,
} from "@tanstack/react-router";
import { api, dataOrThrow } from "../api/client.ts";
import {
  asOfMomentQuery,
  builderQuery,
  buildersQuery,
  buildQuery,
  changeAnswersQuery,
  changeQuery,
  changesQuery,
  definedBuildersQuery,
  historyQuery,
  homeQuery,
  logQuery,
  pipelinesQuery,
  queueQuery,
  revisionQuery,
  revisionsQuery,
  workersQuery,
} from "../api/queries.ts";
import type { PipelineOutcome } from "../api/types.ts";
import { isPipelineOutcome } from "../components/pipeline-outcomes.ts";
import { HomePage } from "../pages/home/home-page.tsx";
import { type AsOf, isPosition } from "../state/as-of.ts";
import { basePath } from "../state/urls.ts";
import { ProblemAlert } from "../ui/problem-alert.tsx";
import { AppShell } from "./app-shell.tsx";
import { RootErrorPage } from "./root-error-page.tsx";

type RouterContext = { queries: QueryClient };
type Search = { as_of?: number | string };

const asOfDeps = ({ search }: { search: Search }): { asOf: AsOf } => ({
  asOf: search.as_of === undefined ? undefined : String(search.as_of),
});

/** `as_of` stays on every link until it is left. A moment is replaced by the ledger position reached by then. */
const root = createRootRouteWithContext<RouterContext>()({
  component: AppShell,
  errorComponent: RootErrorPage,
  validateSearch: ({ as_of }: Record<string, unknown>): Search =>
    typeof as_of === "number" || typeof as_of === "string" ? { as_of } : {},
  beforeLoad: async ({ search }) => {
    const { as_of } = search;
    if (as_of === undefined || isPosition(as_of)) return;
    const { position } = await dataOrThrow(
      api.GET("/api/v1/positions", { params: { query: { time: String(as_of) } } }),
    );
    throw redirect({
      to: ".",
      search: (before: Search) => ({ ...before, as_of: position }),
      hash: true,
      replace: true,
    });
  },
  loaderDeps: asOfDeps,
  loader: ({ context, deps }) => {
    if (deps.asOf !== undefined) void context.queries.prefetchQuery(asOfMomentQuery(deps.asOf));
  },
  search: { middlewares: [retainSearchParams(["as_of"])] },
  notFoundComponent: () => (
    <div className="page">
      <h1>Page not found</h1>
      <p className="muted">Check the URL.</p>
    </div>
  ),
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  loaderDeps: asOfDeps,
  loader: ({ context, deps }) => void context.queries.prefetchQuery(homeQuery(deps.asOf)),
  component: HomePage,
});

const builders = createRoute({
  getParentRoute: () => root,
  path: "/builders",
  validateSearch: ({ q, show }: Record<string, unknown>): { q?: string; show?: "broken" } => ({
    ...(typeof q === "string" || typeof q === "number" ? { q: String(q) } : {}),
    ...(show === "broken" ? { show } : {}),
  }),
  loaderDeps: asOfDeps,
  loader: ({ context, deps }) => void context.queries.prefetchQuery(buildersQuery(deps.asOf)),
  component: lazyRouteComponent(() => import("../pages/builders/builders-page.tsx"), "BuildersPage"),
});

const builder = createRoute({
  getParentRoute: () => root,
  path: "/builders/$builder",
  loaderDeps: asOfDeps,
  loader: ({ context, deps, params }) => {
    void context.queries.prefetchQuery(builderQuery(deps.asOf, params.builder));
    void context.queries.prefetchInfiniteQuery(historyQuery(deps.asOf, params.builder));
  },
  component: lazyRouteComponent(() => import("../pages/builder/builder-page.tsx"), "BuilderPage"),
});

const build = createRoute({
  getParentRoute: () => root,
  path: "/builds/$build",
  loaderDeps: asOfDeps,
  loader: ({ context, deps, params }) =>
    void context.queries.prefetchQuery(buildQuery(deps.asOf, params.build)),
  component: lazyRouteComponent(() => import("../pages/build/build-page.tsx"), "BuildPage"),
});

const log = createRoute({
  getParentRoute: () => root,
  path: "/logs/$log",
  validateSearch: ({ q }: Record<string, unknown>): { q?: string } =>
    typeof q === "string" || typeof q === "number" ? { q: String(q) } : {},
  loader: ({ context, params }) => void context.queries.prefetchQuery(logQuery(params.log)),
  component: lazyRouteComponent(() => import("../pages/log/log-page.tsx"), "LogPage"),
});

const queue = createRoute({
  getParentRoute: () => root,
  path: "/queue",
  loaderDeps: asOfDeps,
  loader: ({ context, deps }) => void context.queries.prefetchInfiniteQuery(queueQuery(deps.asOf)),
  component: lazyRouteComponent(() => import("../pages/queue/queue-page.tsx"), "QueuePage"),
});

const changes = createRoute({
  getParentRoute: () => root,
  path: "/changes",
  loaderDeps: asOfDeps,
  loader: ({ context, deps }) => void context.queries.prefetchInfiniteQuery(changesQuery(deps.asOf)),
  component: lazyRouteComponent(() => import("../pages/changes/changes-page.tsx"), "ChangesPage"),
});

const change = createRoute({
  getParentRoute: () => root,
  path: "/changes/$change",
  loaderDeps: asOfDeps,
  loader: ({ context, deps, params }) => {
    void context.queries.prefetchQuery(changeQuery(deps.asOf, params.change));
    void context.queries.prefetchQuery(changeAnswersQuery(deps.asOf, params.change));
  },
  component: lazyRouteComponent(() => import("../pages/change/change-page.tsx"), "ChangePage"),
});

const workers = createRoute({
  getParentRoute: () => root,
  path: "/workers",
  validateSearch: ({ show }: Record<string, unknown>): { show?: "former" } =>
    show === "former" ? { show } : {},
  loaderDeps: ({ search }) => ({ ...asOfDeps({ search }), show: search.show }),
  loader: ({ context, deps }) =>
    void context.queries.prefetchInfiniteQuery(workersQuery(deps.asOf, deps.show === "former")),
  component: lazyRouteComponent(() => import("../pages/workers/workers-page.tsx"), "WorkersPage"),
});

const configuration = createRoute({
  getParentRoute: () => root,
  path: "/configuration",
  loaderDeps: asOfDeps,
  loader: ({ context, deps }) => void context.queries.prefetchInfiniteQuery(revisionsQuery(deps.asOf)),
  component: lazyRouteComponent(
    () => import("../pages/configuration/configuration-page.tsx"),
    "ConfigurationPage",
  ),
});

const revision = createRoute({
  getParentRoute: () => root,
  path: "/configuration/$revision",
  loaderDeps: asOfDeps,
  loader: ({ context, deps, params }) =>
    void context.queries.prefetchQuery(revisionQuery(deps.asOf, Number(params.revision))),
  component: lazyRouteComponent(() => import("../pages/configuration/revision-page.tsx"), "RevisionPage"),
});

const source = createRoute({
  getParentRoute: () => root,
  path: "/sources/$source",
  validateSearch: ({ show }: Record<string, unknown>): { show?: PipelineOutcome } =>
    isPipelineOutcome(show) ? { show } : {},
  loaderDeps: ({ search }) => ({ ...asOfDeps({ search }), show: search.show }),
  loader: ({ context, deps, params }) => {
    void context.queries.prefetchInfiniteQuery(pipelinesQuery(deps.asOf, params.source, deps.show));
    void context.queries.prefetchInfiniteQuery(definedBuildersQuery(deps.asOf, params.source));
  },
  component: lazyRouteComponent(() => import("../pages/source/source-page.tsx"), "SourcePage"),
});

export function createAppRouter(queries: QueryClient) {
  return createRouter({
    routeTree: root.addChildren([
      home,
      builders,
      builder,
      build,
      log,
      queue,
      changes,
      change,
      workers,
      configuration,
      revision,
      source,
    ]),
    basepath: basePath,
    context: { queries },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    scrollRestoration: true,
    defaultHashScrollIntoView: false,
    defaultErrorComponent: ({ error, reset }) => <ProblemAlert problem={error} onRetry={reset} />,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
