import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { homeQuery } from "../../api/queries.ts";
import type { BrokenBuilder, Build, Home, Suspect } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { ActorName, PersonName } from "../../components/person-name.tsx";
import { SourceStamps } from "../../components/revision.tsx";
import { plural } from "../../format/plural.ts";
import { useAsOf } from "../../state/as-of.ts";
import { Duration, TimeAgo, TimeSince, Timestamp } from "../../time/time-elements.tsx";
import { Icon } from "../../ui/icons.tsx";
import { EmptyState, QueryBoundary } from "../../ui/query-boundary.tsx";
import { type Status, statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import "./home-page.css";

const SUSPECTS_SHOWN = 3;

/** What is broken, since when and whose; what runs, waits and was built last. One request. */
export function HomePage() {
  const query = useQuery(homeQuery(useAsOf()));
  const counts = query.data?.builders;
  useTabStatus(
    query.data && query.data.broken_count > 0 ? `${query.data.broken_count} broken` : "",
    counts && (counts.broken > 0 ? "failure" : counts.passing > 0 ? "success" : undefined),
  );
  return (
    <div className="page">
      <QueryBoundary query={query} title="Build Ledger">
        {(home) => (
          <>
            <BuildersSummary home={home} />
            <div className="home-columns">
              <div className="home-column">
                <BrokenPanel home={home} />
                <RunningPanel home={home} />
              </div>
              <div className="home-column">
                <QueuePanel home={home} />
                <WorkersPanel home={home} />
              </div>
            </div>
            <RecentPanel builds={home.recent} />
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
      : broken === 0
        ? "Nothing is broken"
        : `${broken} of ${plural(total, "builder")} broken`;
  const parts: { status: Status; word: string; count: number }[] = [
    { status: "failure", word: "broken", count: broken },
    { status: "success", word: "passing", count: passing },
    { status: "skipped", word: "unclear", count: unclear },
    { status: "unknown", word: "never built", count: never_built },
  ];
  return (
    <header className="home-summary">
      <h1>{headline}</h1>
      <ul className="tally" aria-label="Builders">
        {parts
          .filter(({ count }) => count > 0)
          .map(({ status, word, count }) => (
            <li key={word}>
              <StatusIcon status={status} size={14} /> <strong>{count}</strong> {word}
            </li>
          ))}
      </ul>
    </header>
  );
}

function BrokenPanel({ home }: { home: Home }) {
  return (
    <section className="panel" aria-labelledby="broken">
      <div className="panel-head">
        <h2 id="broken">
          Broken<span className="count">{home.broken_count}</span>
        </h2>
        {home.broken_count > home.broken.length && (
          <Link to="/builders" search={{ show: "broken" }}>
            Show all
          </Link>
        )}
      </div>
      {home.broken.length === 0 ? (
        <p className="panel-note muted">
          {home.builders.total === 0
            ? "Builders come from the configuration file."
            : "Nothing: no builder's last verdict is bad."}
        </p>
      ) : (
        <ul>
          {home.broken.map((builder) => (
            <BrokenRow key={builder.name} builder={builder} />
          ))}
        </ul>
      )}
    </section>
  );
}

function BrokenRow({ builder }: { builder: BrokenBuilder }) {
  const { broken, last_build: last, suspect_count } = builder;
  const suspects = builder.suspects.slice(0, SUSPECTS_SHOWN);
  return (
    <li className="row broken-row">
      <StatusIcon status={statusOf(last.result, true)} label={true} />
      <div className="broken-body">
        <div className="broken-line">
          <Link to="/builders/$builder" params={{ builder: builder.name }} className="broken-name">
            {builder.name}
          </Link>
          <span className="muted broken-why">{builder.summary}</span>
        </div>
        <div className="broken-line">
          <span className="muted">
            for <TimeSince at={broken.since_at} />, since <BuildLink build={broken.since} isShort />
            {broken.failures > 1 && (
              <>
                {", "}
                {broken.failures} builds, last <BuildLink build={last} isShort />
              </>
            )}
          </span>
        </div>
        {suspects.length > 0 && (
          <ul className="suspects">
            {suspects.map((suspect) => (
              <SuspectRow key={suspect.change_id} suspect={suspect} />
            ))}
          </ul>
        )}
        {suspect_count > suspects.length && (
          <div className="muted">and {plural(suspect_count - suspects.length, "more commit")}</div>
        )}
        {!builder.baseline && <div className="muted">It never was green, so nobody is suspected.</div>}
      </div>
    </li>
  );
}

function SuspectRow({ suspect }: { suspect: Suspect }) {
  return (
    <li className="suspect">
      <span className="suspect-name">
        <Icon name="person" size={13} /> <PersonName person={suspect.author} />
      </span>
      <span className="clip muted" title={suspect.subject ?? undefined}>
        {suspect.subject ?? "message erased"}
      </span>
    </li>
  );
}

function RunningPanel({ home }: { home: Home }) {
  return (
    <section className="panel" aria-labelledby="running">
      <div className="panel-head">
        <h2 id="running">
          Running<span className="count">{home.running_count}</span>
        </h2>
      </div>
      {home.running.length === 0 ? (
        <p className="panel-note muted">Nothing runs.</p>
      ) : (
        <ul>
          {home.running.map((build) => (
            <li className="row running-row" key={build.id}>
              <StatusIcon status="running" label={true} />
              <span className="clip running-name">
                <BuildLink build={build} />
              </span>
              <span className="clip muted running-step">
                {build.status === "stopping" ? "stopping" : (build.step?.name ?? "starting")}
              </span>
              <span className="muted running-worker">{build.worker}</span>
              <span className="number">
                <Duration from={build.assigned_at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function QueuePanel({ home }: { home: Home }) {
  const { waiting, oldest_at, first } = home.queue;
  return (
    <section className="panel" aria-labelledby="queue">
      <div className="panel-head">
        <h2 id="queue">
          Queue<span className="count">{waiting}</span>
        </h2>
        {waiting > 0 && <Link to="/queue">Open</Link>}
      </div>
      {waiting === 0 ? (
        <p className="panel-note muted">Nothing waits.</p>
      ) : (
        <>
          <ul>
            {first.map((request) => (
              <li className="row queue-row" key={request.id}>
                <StatusIcon status="pending" label={true} />
                <div className="queue-body">
                  <Link to="/builders/$builder" params={{ builder: request.builder }} className="clip">
                    {request.builder}
                  </Link>
                  <span className="muted clip">{request.waiting?.text ?? request.reason}</span>
                </div>
                <span className="number muted">
                  <TimeAgo at={request.submitted_at} />
                </span>
              </li>
            ))}
          </ul>
          {oldest_at && waiting > first.length && (
            <p className="panel-note muted">
              The oldest has waited since <TimeAgo at={oldest_at} />.
            </p>
          )}
        </>
      )}
    </section>
  );
}

function WorkersPanel({ home }: { home: Home }) {
  const { total, connected, paused, busy } = home.workers;
  return (
    <section className="panel" aria-labelledby="workers">
      <div className="panel-head">
        <h2 id="workers">Workers</h2>
        <Link to="/workers">Open</Link>
      </div>
      <p className="panel-note">
        <StatusIcon status={total === 0 ? "unknown" : connected === total ? "success" : "warnings"} />{" "}
        {total === 0 ? "None is configured" : `${connected} of ${total} connected, ${busy} busy`}
        {paused > 0 && `, ${paused} paused`}
      </p>
    </section>
  );
}

function RecentPanel({ builds }: { builds: readonly Build[] }) {
  return (
    <section className="panel" aria-labelledby="recent">
      <div className="panel-head">
        <h2 id="recent">Built last</h2>
      </div>
      {builds.length === 0 ? (
        <EmptyState title="No build has finished yet">
          Push a commit to a configured source, or start a build from a builder's page.
        </EmptyState>
      ) : (
        <table className="table stacks recent-table">
          <thead>
            <tr>
              <th>Build</th>
              <th>What</th>
              <th>Why</th>
              <th className="number">Took</th>
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
                <td className="recent-what">
                  <SourceStamps stamps={build.stamps} />
                </td>
                <td className="wide clip hides">
                  <span className="muted">
                    {build.reason}
                    {build.requested_by.kind === "user" && (
                      <>
                        {" by "}
                        <ActorName actor={build.requested_by} />
                      </>
                    )}
                  </span>
                </td>
                <td className="number recent-took">
                  <Duration from={build.assigned_at} to={build.finished_at} />
                </td>
                <td className="number muted recent-when">
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
