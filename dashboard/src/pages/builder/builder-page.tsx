import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { usePermissions } from "../../actions/permissions.ts";
import { builderQuery, historyQuery } from "../../api/queries.ts";
import type { Build, BuilderDetail } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { ActorName } from "../../components/person-name.tsx";
import { SourceStamps } from "../../components/revision.tsx";
import { plural } from "../../format/plural.ts";
import { useAsOf } from "../../state/as-of.ts";
import { Duration, TimeAgo, TimeSince, Timestamp } from "../../time/time-elements.tsx";
import { Icon } from "../../ui/icons.tsx";
import { LoadMoreButton } from "../../ui/load-more-button.tsx";
import { EmptyState, QueryBoundary } from "../../ui/query-boundary.tsx";
import { type Status, statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { DurationChart } from "./duration-chart.tsx";
import "./builder-page.css";

const route = getRouteApi("/builders/$builder");
const ForceDialog = lazy(() => import("./force-build-dialog.tsx"));

/** One builder: its verdict, its last builds as a strip, its whole history, and a way to start a build. */
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
  const verdict = builderStatus(detail);
  useTabStatus(builder.name, verdict.status);
  return (
    <>
      <header className="page-head">
        <div>
          <nav className="crumbs" aria-label="Where this is">
            <Link to="/builders">Builders</Link>
          </nav>
          <div className="page-title">
            <StatusIcon status={verdict.status} label={true} size={20} />
            <h1>{builder.name}</h1>
            {!builder.configured && <span className="tag">no longer configured</span>}
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
      <section className="panel builder-now" aria-label="Now">
        <StatusSentence detail={detail} />
        <p className="muted">
          {waiting_count > 0 && (
            <>
              <Link to="/queue">{plural(waiting_count, "request")} waiting</Link>
              {" · "}
            </>
          )}
          {plural(detail.steps.length, "step")}: {detail.steps.join(" → ")}
          {locks.length > 0 && ` · locks ${locks.join(", ")}`}
        </p>
        {recent.length > 0 && <DurationChart builds={recent} />}
      </section>
      <History name={builder.name} />
    </>
  );
}

function builderStatus({ builder }: BuilderDetail): { status: Status } {
  switch (builder.status) {
    case "broken":
      return { status: builder.last_result === "exception" ? "exception" : "failure" };
    case "passing":
      return { status: builder.last_result === "warnings" ? "warnings" : "success" };
    case "unclear":
      return { status: "skipped" };
    case "never_built":
      return { status: "unknown" };
  }
}

/** The last result, always: also of a builder that hasn't built for months. */
function StatusSentence({ detail: { builder } }: { detail: BuilderDetail }) {
  const { last_build: last, broken } = builder;
  if (!last) return <p>It has never been built.</p>;
  return (
    <p>
      {broken ? (
        <>
          Broken for <TimeSince at={broken.since_at} />, since <BuildLink build={broken.since} isShort />
          {broken.failures > 1 && `, ${broken.failures} builds`}.{" "}
        </>
      ) : builder.status === "passing" ? (
        "Passing. "
      ) : (
        "No verdict yet. "
      )}
      Last build <BuildLink build={last} isShort /> ended as <strong>{last.result}</strong>
      {last.finished_at && (
        <>
          {" "}
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

function History({ name }: { name: string }) {
  const query = useInfiniteQuery(historyQuery(useAsOf(), name));
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
              Start one, or push a commit that this builder listens to.
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
  const longest_ms = Math.max(1, ...builds.map(durationOf));
  return (
    <table className="table stacks history">
      <thead>
        <tr>
          <th>Build</th>
          <th>What</th>
          <th>Outcome</th>
          <th>Worker</th>
          <th>Took</th>
          <th className="number">Started</th>
        </tr>
      </thead>
      <tbody>
        {builds.map((build) => (
          <tr key={build.id}>
            <td className="nowrap history-build">
              <StatusIcon status={statusOf(build.result, true)} label={true} />{" "}
              <BuildLink build={build} isShort />
            </td>
            <td className="history-what">
              <SourceStamps stamps={build.stamps} />
              {build.change_count > 0 && (
                <span className="muted nowrap"> {plural(build.change_count, "change")}</span>
              )}
            </td>
            <td className="wide clip history-why" title={build.summary || build.reason}>
              {build.summary || (
                <span className="muted">
                  {build.status === "finished" ? build.reason : (build.step?.name ?? build.status)}
                  {build.requested_by.kind === "user" && (
                    <>
                      {" by "}
                      <ActorName actor={build.requested_by} />
                    </>
                  )}
                </span>
              )}
            </td>
            <td className="muted nowrap hides">{build.worker}</td>
            <td className="nowrap history-took">
              <span className="length">
                <span
                  className={`length-bar is-${statusOf(build.result, true)}`}
                  style={{ width: `${(100 * durationOf(build)) / longest_ms}%` }}
                />
              </span>
              <Duration from={build.assigned_at} to={build.finished_at} />
            </td>
            <td className="number muted history-when">
              <Timestamp at={build.assigned_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A running build has no length to compare by. */
function durationOf({ assigned_at, finished_at }: Build): number {
  return finished_at ? Date.parse(finished_at) - Date.parse(assigned_at) : 0;
}
