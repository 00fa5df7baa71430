import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { usePermissions } from "../../actions/permissions.ts";
import { revisionQuery } from "../../api/queries.ts";
import type { ConfigDetail } from "../../api/types.ts";
import { ActorName } from "../../components/actor-name.tsx";
import { useAsOf } from "../../state/as-of.ts";
import { Timestamp } from "../../time/time-elements.tsx";
import { Icon } from "../../ui/icons.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import "./configuration.css";

const route = getRouteApi("/configuration/$revision");
const RollbackDialog = lazy(() => import("./rollback-dialog.tsx"));

/** One revision: who applied it, what it changed, its text, and the way back to it. */
export function RevisionPage() {
  const { revision } = route.useParams();
  const query = useQuery(revisionQuery(useAsOf(), Number(revision)));
  return (
    <div className="page">
      <QueryBoundary query={query} title={`Revision ${revision}`}>
        {(detail) => <RevisionDetails detail={detail} />}
      </QueryBoundary>
    </div>
  );
}

function RevisionDetails({ detail: { revision, configuration } }: { detail: ConfigDetail }) {
  useTabStatus(`Configuration, revision ${revision.revision}`);
  return (
    <>
      <header className="page-head">
        <div>
          <nav className="breadcrumbs" aria-label="Breadcrumb">
            <Link to="/configuration">Configuration</Link>
          </nav>
          <div className="page-title">
            <h1>Revision {revision.revision}</h1>
            {revision.active && <span className="tag">in force</span>}
          </div>
          <p className="muted revision-origin">
            applied by <ActorName actor={revision.applied_by} /> at <Timestamp at={revision.applied_at} />{" "}
            {revision.restores === null ? (
              <>from {revision.origin}</>
            ) : (
              <>
                , back to{" "}
                <Link to="/configuration/$revision" params={{ revision: String(revision.restores) }}>
                  revision {revision.restores}
                </Link>
              </>
            )}
          </p>
          {revision.message && <p className="revision-message">{revision.message}</p>}
        </div>
        {!revision.active && <RollbackButton revision={revision.revision} />}
      </header>
      {revision.failures.length > 0 && (
        <section className="panel" aria-labelledby="failures">
          <div className="panel-head">
            <h2 id="failures">Could not follow it</h2>
            <span className="muted">at the time; what still can't is on the home page</span>
          </div>
          <ul>
            {revision.failures.map((failure) => (
              <li className="row" key={`${failure.component} ${failure.failed_at}`}>
                <strong>{failure.component}</strong> {failure.detail}{" "}
                <span className="muted">
                  <Timestamp at={failure.failed_at} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section className="panel" aria-labelledby="plan">
        <div className="panel-head">
          <h2 id="plan">What it changed</h2>
          {revision.revision > 1 && (
            <span className="muted">
              field by field:{" "}
              <code>
                buildledger config diff --revision {revision.revision} --against {revision.revision - 1}
              </code>
            </span>
          )}
        </div>
        {revision.plan.length === 0 ? (
          <p className="panel-note">Nothing but how it is stored.</p>
        ) : (
          <ul className="revision-plan revision-plan-whole">
            {revision.plan.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        )}
      </section>
      <section className="panel" aria-labelledby="text">
        <div className="panel-head">
          <h2 id="text">Content</h2>
          <span className="muted">resolved: templates and matrices are expanded</span>
        </div>
        <ConfigurationText configuration={configuration} />
      </section>
    </>
  );
}

/** The content by section and name; a part is written out when it is opened, for there may be thousands. */
function ConfigurationText({ configuration }: { configuration: ConfigDetail["configuration"] }) {
  return (
    <>
      {Object.entries(configuration).map(([section, content]) => (
        <Part key={section} name={section}>
          {() =>
            isNested(content) ? (
              Object.entries(content).map(([name, entry]) => (
                <Part key={name} name={name}>
                  {() => <pre className="revision-text">{JSON.stringify(entry, null, 2)}</pre>}
                </Part>
              ))
            ) : (
              <pre className="revision-text">{JSON.stringify(content, null, 2)}</pre>
            )
          }
        </Part>
      ))}
    </>
  );
}

function isNested(content: unknown): content is Record<string, object> {
  return (
    content !== null &&
    typeof content === "object" &&
    Object.values(content).every((entry) => entry !== null && typeof entry === "object")
  );
}

function Part({ name, children }: { name: string; children(): ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="revision-part" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{name}</summary>
      {isOpen && children()}
    </details>
  );
}

function RollbackButton({ revision }: { revision: number }) {
  const can = usePermissions();
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="page-actions">
      <button
        type="button"
        className="button"
        disabled={!can("config:rollback")}
        onClick={() => setOpen(true)}
      >
        <Icon name="again" size={13} /> Go back to this revision
      </button>
      {isOpen && (
        <Suspense>
          <RollbackDialog revision={revision} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </div>
  );
}
