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
import { makeRouter } from "./app/router.tsx";
import { follow } from "./live/connection.ts";
import { EVERYTHING, topicsOf } from "./live/fact-topics.ts";
import { hearOf } from "./live/minimum-position.ts";
import { Refresher } from "./live/refetch-scheduler.ts";
import { signedOut, signInFromAddress } from "./session/sign-in-page.tsx";
import { addressOf } from "./state/urls.ts";
import { Notices, tell } from "./ui/toasts.tsx";

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
      // The ledger's tail says when something is old; asking again on a timer or on focus would only repeat it.
      staleTime: Number.POSITIVE_INFINITY,
      refetchOnWindowFocus: false,
      networkMode: "always",
      retry: (failures, problem) => toProblem(problem).isPassing && failures < RETRIES_MAX,
      retryDelay: (failures) => Math.min(250 * 2 ** failures, 4_000),
    },
    mutations: { networkMode: "always" },
  },
});

const refresher = new Refresher((topic) =>
  queries.invalidateQueries({
    predicate: ({ meta }) => {
      const topics = (meta?.topics ?? []) as readonly string[];
      return meta?.asOf === undefined && (topic === EVERYTHING || topics.includes(topic));
    },
  }),
);

/** Follows the ledger from where the server stands. Until it can be asked, pages show what they have and why. */
async function goLive(): Promise<void> {
  const config = await queries.fetchQuery({ ...uiConfigQuery, retry: true });
  if (!config.signed_in) {
    signedOut.set(true);
    return;
  }
  hearOf(config.position);
  follow(addressOf("api/v1/stream"), config.position, {
    onEvent: (event) => {
      hearOf(event.position);
      refresher.note(topicsOf(event.name, event.fact));
    },
    onMissed: () => refresher.note([EVERYTHING]),
  });
}

async function main(): Promise<void> {
  const refused = await signInFromAddress();
  if (refused)
    tell({
      kind: "refused",
      text: `The token in the address was not accepted: ${toProblem(refused).message}`,
    });
  const root = document.getElementById("root");
  if (!root) throw new Error("index.html has no #root");
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={makeRouter(queries)} />
        <Notices />
      </QueryClientProvider>
    </StrictMode>,
  );
  await goLive();
}

void main();
