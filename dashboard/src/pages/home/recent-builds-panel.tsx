import type { Build } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { RequestedBy } from "../../components/requested-by.tsx";
import { SourceStamps } from "../../components/source-stamps.tsx";
import { Duration, Timestamp } from "../../time/time-elements.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";

/** The last builds that finished. */
export function RecentBuildsPanel({ builds }: { builds: readonly Build[] }) {
  return (
    <section className="panel" aria-labelledby="recent">
      <div className="panel-head">
        <h2 id="recent">Recent builds</h2>
      </div>
      {builds.length === 0 ? (
        <EmptyState title="No build has finished yet">
          Push a commit to a configured source, or start a build from a builder's page.
        </EmptyState>
      ) : (
        <table className="table stacked-on-phones recent-table">
          <thead>
            <tr>
              <th>Build</th>
              <th>Sources</th>
              <th>Reason</th>
              <th className="number">Duration</th>
              <th className="number">Finished</th>
            </tr>
          </thead>
          <tbody>
            {builds.map((build) => (
              <tr key={build.id}>
                <td className="recent-build">
                  <StatusIcon status={statusOf(build.result, true)} label={true} />{" "}
                  <BuildLink build={build} />
                </td>
                <td className="recent-sources">
                  <SourceStamps stamps={build.stamps} />
                </td>
                <td className="wide clip hidden-on-phones">
                  <span className="muted">
                    {build.reason}
                    <RequestedBy actor={build.requested_by} />
                  </span>
                </td>
                <td className="number recent-duration">
                  <Duration from={build.assigned_at} to={build.finished_at} />
                </td>
                <td className="number muted recent-finished">
                  {build.finished_at && <Timestamp at={build.finished_at} />}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
