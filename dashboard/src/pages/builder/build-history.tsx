import { useInfiniteQuery } from "@tanstack/react-query";
import { historyQuery } from "../../api/queries.ts";
import type { Build } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { RequestedBy } from "../../components/requested-by.tsx";
import { SourceStamps } from "../../components/source-stamps.tsx";
import { plural } from "../../format/plural.ts";
import { useAsOf } from "../../state/as-of.ts";
import { Duration, Timestamp } from "../../time/time-elements.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { LoadMoreButton } from "../../ui/load-more-button.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { buildDuration } from "./build-duration.ts";

/** All builds of a builder, newest first. */
export function BuildHistory({ builder }: { builder: string }) {
  const query = useInfiniteQuery(historyQuery(useAsOf(), builder));
  return (
    <section className="panel" aria-labelledby="history">
      <div className="panel-head">
        <h2 id="history">History</h2>
      </div>
      <QueryBoundary query={query}>
        {({ pages }) => {
          const builds = pages.flatMap((page) => page.items);
          return builds.length === 0 ? (
            <EmptyState title="No builds yet">
              Start a build, or push a commit that triggers this builder.
            </EmptyState>
          ) : (
            <>
              <HistoryTable builds={builds} />
              <LoadMoreButton query={query} />
            </>
          );
        }}
      </QueryBoundary>
    </section>
  );
}

function HistoryTable({ builds }: { builds: readonly Build[] }) {
  const longest_ms = Math.max(1, ...builds.map(buildDuration));
  return (
    <table className="table stacked-on-phones history">
      <thead>
        <tr>
          <th>Build</th>
          <th>Sources</th>
          <th>Outcome</th>
          <th>Worker</th>
          <th>Duration</th>
          <th className="number">Started</th>
        </tr>
      </thead>
      <tbody>
        {builds.map((build) => (
          <tr key={build.id}>
            <td className="nowrap">
              <StatusIcon status={statusOf(build.result, true)} label={true} />{" "}
              <BuildLink build={build} isShort />
            </td>
            <td className="history-sources">
              <SourceStamps stamps={build.stamps} />
              {build.change_count > 0 && (
                <span className="muted nowrap"> {plural(build.change_count, "change")}</span>
              )}
            </td>
            <td className="wide clip history-outcome" title={build.summary || build.reason}>
              {build.summary || (
                <span className="muted">
                  {build.status === "finished" ? build.reason : (build.step?.name ?? build.status)}
                  <RequestedBy actor={build.requested_by} />
                </span>
              )}
            </td>
            <td className="muted nowrap hidden-on-phones">{build.worker}</td>
            <td className="nowrap history-duration">
              <span className="duration-track">
                <span
                  className={`duration-bar is-${statusOf(build.result, true)}`}
                  style={{ width: `${(100 * buildDuration(build)) / longest_ms}%` }}
                />
              </span>
              <Duration from={build.assigned_at} to={build.finished_at} />
            </td>
            <td className="number muted history-started">
              <Timestamp at={build.assigned_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
