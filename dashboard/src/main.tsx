/** The entry point: joins the query client, the router and the live connection. */

import "./ui/tokens.css";
import "./ui/base.css";
import "./ui/controls.css";
import "./ui/panel.css";
import { QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { toProblem } from "./api/problem.ts";
import { uiConfigQuery } from "./api/queries.ts";
import { createAppRouter } from "./app/router.tsx";
import { followLedger } from "./live/connection.ts";
import { EVERYTHING, topicsOf } from "./live/fact-topics.ts";
import { raiseMinimumPosition } from "./live/minimum-position.ts";
import { RefetchScheduler } from "./live/refetch-scheduler.ts";
import { signedOut, signInFromUrl } from "./session/session.ts";
import { urlOf } from "./state/urls.ts";
import { showToast, Toasts } from "./ui/toasts.tsx";

const UNAUTHENTICATED = 401;
const RETRIES_MAX = 3;

const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (problem) => {
      if (toProblem(problem).status === UNAUTHENTICATED) signedOut.set(true);
    },
  }),
  defaultOptions: {
    queries: {
      // The ledger's tail says when data is stale; refetching on a timer or on focus would only repeat that.
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      networkMode: "always",
      retry: (failures, problem) => toProblem(problem).isTransient && failures < RETRIES_MAX,
      retryDelay: (failures) => Math.min(250 * 2 ** failures, 4_000),
    },
    mutations: { networkMode: "always" },
  },
});

const refetchScheduler = new RefetchScheduler((topic) =>
  queries.invalidateQueries({
    predicate: ({ meta }) => {
      const topics = (meta?.topics ?? []) as readonly string[];
      return meta?.asOf === undefined && (topic === EVERYTHING || topics.includes(topic));
    },
  }),
);

/** Follows the ledger from its head. Until the server can be reached, pages show what they have and the reason. */
async function followLiveLedger(): Promise<void> {
  const config = await queries.fetchQuery({ ...uiConfigQuery, retry: true });
  if (!config.signed_in) {
    signedOut.set(true);
    return;
  }
  raiseMinimumPosition(config.position);
  followLedger(urlOf("api/v1/stream"), config.position, {
    onEvent: (event) => {
      raiseMinimumPosition(event.position);
      refetchScheduler.markStale(topicsOf(event.name, event.fact));
    },
    onMissed: () => refetchScheduler.markStale([EVERYTHING]),
  });
}

async function main(): Promise<void> {
  const signInProblem = await signInFromUrl();
  if (signInProblem) showToast({ kind: "error", text: signInProblem.message });
  const root = document.getElementById("root");
  if (!root) throw new Error("index.html has no #root");
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={createAppRouter(queries)} />
        <Toasts />
      </QueryClientProvider>
    </StrictMode>,
  );
  await followLiveLedger();
}

void main();
