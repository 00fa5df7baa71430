import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { buildQuery } from "../../api/queries.ts";
import type { BuildDetail } from "../../api/types.ts";
import { SourceStamps } from "../../components/source-stamps.tsx";
import { useAsOf } from "../../state/as-of.ts";
import { Duration, TimeAgo } from "../../time/time-elements.tsx";
import { Icon } from "../../ui/icons.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { type Status, statusOf } from "../../ui/status.ts";
import { StatusBadge } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { AboutPanel } from "./about-panel.tsx";
import { ArtifactsPanel } from "./artifacts-panel.tsx";
import { BlamePanel } from "./blame-panel.tsx";
import { BuildActions } from "./build-actions.tsx";
import { ChangesPanel } from "./changes-panel.tsx";
import { PropertiesPanel } from "./properties-panel.tsx";
import { StepsPanel } from "./steps-panel.tsx";
import { TestsPanel } from "./tests-panel.tsx";
import "./build-page.css";

const route = getRouteApi("/builds/$build");

/** One build in one request: status, steps with their output, tests, blamelist, changes, artifacts and details. */
export function BuildPage() {
  const { build } = route.useParams();
  const query = useQuery(buildQuery(useAsOf(), build));
  return (
    <div className="page">
      <QueryBoundary query={query} title="Build">
        {(detail) => <BuildDetails detail={detail} />}
      </QueryBoundary>
    </div>
  );
}

function BuildDetails({ detail }: { detail: BuildDetail }) {
  const { build } = detail;
  const status = statusOf(build.result, true);
  useTabStatus(`${build.builder} #${build.number}`, status);
  return (
    <>
      <header className="page-head">
        <div>
          <Breadcrumbs detail={detail} />
          <div className="page-title">
            <h1>
              {build.builder} #{build.number}
            </h1>
            <BuildStatus detail={detail} status={status} />
          </div>
          <p className="build-line">
            <SourceStamps stamps={build.stamps} />
            <span className="muted">
              started <TimeAgo at={build.assigned_at} /> · {build.finished_at ? "took" : "running for"}{" "}
              <Duration from={build.assigned_at} to={build.finished_at} />
            </span>
          </p>
          {build.summary && <p className={`build-summary is-${status}`}>{build.summary}</p>}
        </div>
        <BuildActions build={build} />
      </header>
      <div className="build-columns">
        <div className="build-column">
          <StepsPanel detail={detail} />
          <TestsPanel detail={detail} />
        </div>
        <div className="build-column">
          <BlamePanel detail={detail} />
          <ChangesPanel detail={detail} />
          <ArtifactsPanel detail={detail} />
          <AboutPanel detail={detail} />
          <PropertiesPanel detail={detail} />
        </div>
      </div>
    </>
  );
}

function Breadcrumbs({ detail: { build, previous, next } }: { detail: BuildDetail }) {
  return (
    <nav className="breadcrumbs" aria-label="Breadcrumb">
      <Link to="/builders">Builders</Link>
      <span aria-hidden="true">/</span>
      <Link to="/builders/$builder" params={{ builder: build.builder }}>
        {build.builder}
      </Link>
      <span aria-hidden="true">/</span>
      {previous && (
        <Link
          to="/builds/$build"
          params={{ build: previous.id }}
          aria-label={`Previous build, #${previous.number}`}
        >
          ← #{previous.number}
        </Link>
      )}
      <span>#{build.number}</span>
      {next && (
        <Link to="/builds/$build" params={{ build: next.id }} aria-label={`Next build, #${next.number}`}>
          #{next.number} →
        </Link>
      )}
    </nav>
  );
}

function BuildStatus({ detail: { build }, status }: { detail: BuildDetail; status: Status }) {
  return (
    <>
      <StatusBadge status={status} label={build.status === "stopping" ? "Stopping" : undefined} />
      {build.attempt > 1 && (
        <span className="tag" title="Earlier attempts failed for reasons of infrastructure">
          <Icon name="again" size={11} /> attempt {build.attempt}
        </span>
      )}
    </>
  );
}
