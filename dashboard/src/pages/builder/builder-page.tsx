import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { usePermissions } from "../../actions/permissions.ts";
import { builderQuery } from "../../api/queries.ts";
import type { Builder, BuilderDetail } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { plural } from "../../format/plural.ts";
import { formatDuration } from "../../format/time.ts";
import { useAsOf } from "../../state/as-of.ts";
import { TimeAgo, TimeSince } from "../../time/time-elements.tsx";
import { Icon } from "../../ui/icons.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import type { Status } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { BranchesPanel } from "./branches-panel.tsx";
import { BuildHistory } from "./build-history.tsx";
import { DefinitionPanel } from "./definition-panel.tsx";
import { DurationChart } from "./duration-chart.tsx";
import { OriginLine } from "./origin-line.tsx";
import "./builder-page.css";

const route = getRouteApi("/builders/$builder");
const ForceDialog = lazy(() => import("./force-build-dialog.tsx"));

/** One builder: its status, the durations of its last builds, its whole history, and a button to start a build. */
export function BuilderPage() {
  const { builder: name } = route.useParams();
  const query = useQuery(builderQuery(useAsOf(), name));
  return (
    <div className="page">
      <QueryBoundary query={query} title={name}>
        {(detail) => <BuilderDetails detail={detail} />}
      </QueryBoundary>
    </div>
  );
}

function BuilderDetails({ detail }: { detail: BuilderDetail }) {
  const { builder, recent, waiting_count, locks } = detail;
  const status = builderStatus(builder);
  useTabStatus(builder.name, status);
  return (
    <>
      <header className="page-head">
        <div>
          <nav className="breadcrumbs" aria-label="Breadcrumb">
            <Link to="/builders">Builders</Link>
          </nav>
          <div className="page-title">
            <StatusIcon status={status} label={true} size={20} />
            <h1>{builder.name}</h1>
            {!builder.configured && <span className="tag">no longer configured</span>}
            {builder.protected && (
              <span className="tag" title="Defined by the central configuration alone">
                protected
              </span>
            )}
            {builder.tags.map((tag) => (
              <span className="tag" key={tag}>
                {tag}
              </span>
            ))}
          </div>
          {builder.description && <p className="muted">{builder.description}</p>}
        </div>
        <div className="page-actions">
          <StartBuildButton detail={detail} />
        </div>
      </header>
      <section className="panel builder-status" aria-label="Status">
        <StatusText builder={builder} />
        {detail.defined_by && <OriginLine origin={detail.defined_by} />}
        <p className="muted">
          {waiting_count > 0 && (
            <>
              <Link to="/queue">{plural(waiting_count, "request")} waiting</Link>
              {" · "}
            </>
          )}
          {detail.steps.length > 0 && `${plural(detail.steps.length, "step")}: ${detail.steps.join(" → ")}`}
          {locks.length > 0 && ` · locks: ${locks.join(", ")}`}
          {detail.timeout_seconds !== null &&
            ` · at most ${formatDuration(detail.timeout_seconds * 1_000, true)}`}
        </p>
        {recent.length > 0 && <DurationChart builds={recent} />}
      </section>
      {builder.configured && <DefinitionPanel detail={detail} />}
      <BranchesPanel detail={detail} />
      <BuildHistory builder={builder.name} />
    </>
  );
}

function builderStatus({ status, last_result }: Builder): Status {
  switch (status) {
    case "broken":
      return last_result === "exception" ? "exception" : "failure";
    case "passing":
      return last_result === "warnings" ? "warnings" : "success";
    case "unclear":
      return "skipped";
    case "never_built":
      return "unknown";
  }
}

/** The status of the builder and its last build, however long ago that was. */
function StatusText({ builder }: { builder: Builder }) {
  const { last_build: last, broken, status } = builder;
  if (!last) {
    return <p>Not built yet{builder.build_count > 0 && ": its first build is running"}.</p>;
  }
  return (
    <p>
      {broken ? (
        <>
          Broken for <TimeSince at={broken.since_at} />, since <BuildLink build={broken.since} isShort />
          {broken.failures > 1 && ` (${plural(broken.failures, "build")})`}.{" "}
        </>
      ) : status === "passing" ? (
        "Passing. "
      ) : (
        "Unknown result: no build has passed or failed yet. "
      )}
      Last build <BuildLink build={last} isShort />: <strong>{last.result}</strong>
      {last.finished_at && (
        <>
          {", "}
          <TimeAgo at={last.finished_at} />
        </>
      )}
      .
    </p>
  );
}

function StartBuildButton({ detail }: { detail: BuilderDetail }) {
  const can = usePermissions();
  const [isOpen, setOpen] = useState(false);
  const isPossible = detail.builder.configured && can("build:force");
  return (
    <>
      <button type="button" className="button primary" disabled={!isPossible} onClick={() => setOpen(true)}>
        <Icon name="play" size={12} /> Start a build
      </button>
      {isOpen && (
        <Suspense>
          <ForceDialog detail={detail} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
