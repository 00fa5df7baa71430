import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useMay } from "../../actions/permissions.ts";
import { builderQuery, historyQuery } from "../../api/queries.ts";
import type { Build, BuilderDetail } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { ActorName } from "../../components/person-name.tsx";
import { Stamps } from "../../components/revision.tsx";
import { plural } from "../../format/plural.ts";
import { useAsOf } from "../../state/as-of.ts";
import { Ago, Duration, Moment, Since } from "../../time/time-elements.tsx";
import { Icon } from "../../ui/icons.tsx";
import { More } from "../../ui/load-more-button.tsx";
import { Empty, Loaded } from "../../ui/query-boundary.tsx";
import { type Status, statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { BuildStrip } from "./duration-chart.tsx";
import "./builder-page.css";

const route = getRouteApi("/builders/$builder");
const ForceDialog = lazy(() => import("./force-build-dialog.tsx"));

/** One builder: its verdict, its last builds as a strip, its whole history, and a way to start a build. */
export function BuilderPage() {
  const { builder: name } = route.useParams();
  const query = useQuery(builderQuery(useAsOf(), name));
  return (
    <div className="page">
      <Loaded query={query} title={name}>
        {(detail) => <Detail detail={detail} />}
      </Loaded>
    </div>
  );
}

function Detail({ detail }: { detail: BuilderDetail }) {
  const { builder, recent, waiting_count, locks } = detail;
  const verdict = verdictOf(detail);
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
          <Force detail={detail} />
        </div>
      </header>
      <section className="panel builder-now" aria-label="Now">
        <Verdict detail={detail} />
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
        {recent.length > 0 && <BuildStrip builds={recent} />}
      </section>
      <History name={builder.name} />
    </>
  );
}

function verdictOf({ builder }: BuilderDetail): { status: Status } {
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
function Verdict({ detail: { builder } }: { detail: BuilderDetail }) {
  const { last_build: last, broken } = builder;
  if (!last) return <p>It has never been built.</p>;
  return (
    <p>
      {broken ? (
        <>
          Broken for <Since at={broken.since_at} />, since <BuildLink build={broken.since} isShort />
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
          <Ago at={last.finished_at} />
        </>
      )}
      .
    </p>
  );
}

function Force({ detail }: { detail: BuilderDetail }) {
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const isPossible = detail.builder.configured && may("build:force");
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
      <Loaded query={query}>
        {({ pages }) => {
          const builds = pages.flatMap((page) => page.items);
          return builds.length === 0 ? (
            <Empty title="No builds yet">Start one, or push a commit that this builder listens to.</Empty>
          ) : (
            <>
              <HistoryTable builds={builds} />
              <More query={query} />
            </>
          );
        }}
      </Loaded>
    </section>
  );
}

function HistoryTable({ builds }: { builds: readonly Build[] }) {
  const longest_ms = Math.max(1, ...builds.map(lengthOf));
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
              <Stamps stamps={build.stamps} />
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
                  style={{ width: `${(100 * lengthOf(build)) / longest_ms}%` }}
                />
              </span>
              <Duration from={build.assigned_at} to={build.finished_at} />
            </td>
            <td className="number muted history-when">
              <Moment at={build.assigned_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A running build has no length to compare by. */
function lengthOf({ assigned_at, finished_at }: Build): number {
  return finished_at ? Date.parse(finished_at) - Date.parse(assigned_at) : 0;
}
