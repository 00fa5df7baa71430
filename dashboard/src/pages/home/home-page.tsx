import { useQuery } from "@tanstack/react-query";
import { homeQuery } from "../../api/queries.ts";
import type { Home } from "../../api/types.ts";
import { plural } from "../../format/plural.ts";
import { useAsOf } from "../../state/as-of.ts";
import { installationTitle } from "../../state/installation-title.ts";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import type { Status } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { BrokenPanel } from "./broken-panel.tsx";
import { HealthPanel } from "./health-panel.tsx";
import { QueuePanel } from "./queue-panel.tsx";
import { RecentBuildsPanel } from "./recent-builds-panel.tsx";
import { RunningPanel } from "./running-panel.tsx";
import { ServersPanel } from "./servers-panel.tsx";
import { WorkersPanel } from "./workers-panel.tsx";
import "./home-page.css";

/** The first page: what is broken, since when and whose; what is running, waiting and recently built, in one request; and the server's own health. */
export function HomePage() {
  const asOf = useAsOf();
  const query = useQuery(homeQuery(asOf));
  const counts = query.data?.builders;
  useTabStatus(
    query.data && query.data.broken_count > 0 ? `${query.data.broken_count} broken` : "",
    counts && (counts.broken > 0 ? "failure" : counts.passing > 0 ? "success" : undefined),
  );
  return (
    <div className="page">
      <QueryBoundary query={query} title={installationTitle}>
        {(home) => (
          <>
            <BuildersSummary home={home} />
            {asOf === undefined && <HealthPanel />}
            <div className="home-columns">
              <div className="home-column">
                <BrokenPanel home={home} />
                <RunningPanel home={home} />
              </div>
              <div className="home-column">
                <QueuePanel home={home} />
                <WorkersPanel home={home} />
                {asOf === undefined && <ServersPanel />}
              </div>
            </div>
            <RecentBuildsPanel builds={home.recent} />
          </>
        )}
      </QueryBoundary>
    </div>
  );
}

function BuildersSummary({ home }: { home: Home }) {
  const { total, passing, broken, unclear, never_built } = home.builders;
  const headline =
    total === 0
      ? "No builders yet"
      : never_built === total
        ? "Nothing has been built yet"
        : broken === 0
          ? "Nothing is broken"
          : `${broken} of ${plural(total, "builder")} broken`;
  const parts: { status: Status; label: string; count: number }[] = [
    { status: "failure", label: "broken", count: broken },
    { status: "success", label: "passing", count: passing },
    { status: "skipped", label: "unknown result", count: unclear },
    { status: "unknown", label: "not built yet", count: never_built },
  ];
  return (
    <header className="home-summary">
      <h1>{headline}</h1>
      <ul className="status-counts" aria-label="Builders">
        {parts
          .filter(({ count }) => count > 0)
          .map(({ status, label, count }) => (
            <li key={label}>
              <StatusIcon status={status} size={14} /> <strong>{count}</strong> {label}
            </li>
          ))}
      </ul>
    </header>
  );
}
