import { useInfiniteQuery } from "@tanstack/react-query";
import { changesQuery } from "../../api/queries.ts";
import { ChangeLink } from "../../components/change-link.tsx";
import { PersonName } from "../../components/person-name.tsx";
import { Revision } from "../../components/revision.tsx";
import { useAsOf } from "../../state/as-of.ts";
import { TimeAgo } from "../../time/time-elements.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Icon } from "../../ui/icons.tsx";
import { LoadMoreButton } from "../../ui/load-more-button.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import "./changes-page.css";

/** The recorded commits of all sources, newest first. */
export function ChangesPage() {
  useTabStatus("Changes");
  const query = useInfiniteQuery(changesQuery(useAsOf()));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Changes</h1>
      </div>
      <QueryBoundary query={query}>
        {({ pages }) => {
          const changes = pages.flatMap((page) => page.items);
          return (
            <section className="panel" aria-label="Changes">
              {changes.length === 0 ? (
                <EmptyState title="No changes yet">Changes come from the configured sources.</EmptyState>
              ) : (
                <>
                  <table className="table stacked-on-phones changes-table">
                    <thead>
                      <tr>
                        <th>Message</th>
                        <th>Author</th>
                        <th>Branch</th>
                        <th>Revision</th>
                        <th className="number">Recorded</th>
                      </tr>
                    </thead>
                    <tbody>
                      {changes.map((change) => (
                        <tr key={change.id}>
                          <td className="wide clip changes-subject" title={change.message ?? undefined}>
                            <ChangeLink change={change} />
                          </td>
                          <td className="nowrap changes-author">
                            <PersonName person={change.author} />
                          </td>
                          <td className="nowrap muted changes-branch">
                            {change.source} <Icon name="branch" size={12} /> {change.branch}
                          </td>
                          <td className="changes-revision">
                            <Revision revision={change.revision} link={change.link} />
                          </td>
                          <td className="number muted changes-recorded">
                            <TimeAgo at={change.recorded_at} />
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                  <LoadMoreButton query={query} />
                </>
              )}
            </section>
          );
        }}
      </QueryBoundary>
    </div>
  );
}
