import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { revisionsQuery } from "../../api/queries.ts";
import type { ConfigRevision } from "../../api/types.ts";
import { ActorName } from "../../components/actor-name.tsx";
import { plural } from "../../format/plural.ts";
import { useAsOf } from "../../state/as-of.ts";
import { TimeAgo } from "../../time/time-elements.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { LoadMoreButton } from "../../ui/load-more-button.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { RepositoriesPanel } from "./repositories-panel.tsx";
import "./configuration.css";

const PLAN_LINES = 3;
/** Of a longer plan the server keeps the beginning. */
const KEPT_LINES = 200;

/** The configurations that were in force, newest first: who applied each, when, from where, why, and what it changed. */
export function ConfigurationPage() {
  useTabStatus("Configuration");
  const query = useInfiniteQuery(revisionsQuery(useAsOf()));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Configuration</h1>
      </div>
      <QueryBoundary query={query}>
        {({ pages }) => {
          const revisions = pages.flatMap((page) => page.items);
          return (
            <section className="panel" aria-label="Revisions">
              {revisions.length === 0 ? (
                <EmptyState title="No configuration yet">
                  Apply one with <code>buildledger config apply FILE</code>.
                </EmptyState>
              ) : (
                <>
                  <ul>
                    {revisions.map((revision) => (
                      <RevisionRow key={revision.revision} revision={revision} />
                    ))}
                  </ul>
                  <LoadMoreButton query={query} />
                </>
              )}
            </section>
          );
        }}
      </QueryBoundary>
      <RepositoriesPanel />
    </div>
  );
}

function RevisionRow({ revision }: { revision: ConfigRevision }) {
  const { plan } = revision;
  const left = plan.length - PLAN_LINES;
  const atLeast = plan.length >= KEPT_LINES ? "at least " : "";
  const failing = new Set(revision.failures.map((failure) => failure.component)).size;
  return (
    <li className="row revision">
      <div className="revision-line">
        <Link to="/configuration/$revision" params={{ revision: String(revision.revision) }}>
          Revision {revision.revision}
        </Link>
        {revision.active && <span className="tag">in force</span>}
        <span className="muted">
          <ActorName actor={revision.applied_by} />, <TimeAgo at={revision.applied_at} />,{" "}
          {revision.restores === null ? `from ${revision.origin}` : `back to revision ${revision.restores}`}
        </span>
        {failing > 0 && <span className="tag tag-alert">{plural(failing, "part")} could not follow it</span>}
      </div>
      {revision.message && <p className="revision-message">{revision.message}</p>}
      {plan.length > 0 && (
        <ul className="revision-plan muted">
          {plan.slice(0, PLAN_LINES).map((line) => (
            <li key={line}>{line}</li>
          ))}
          {left > 0 && (
            <li>
              and {atLeast}
              {plural(left, "more line")}
            </li>
          )}
        </ul>
      )}
    </li>
  );
}
