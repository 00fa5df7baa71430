import { Link } from "@tanstack/react-router";
import type { BrokenBuilder, Home, Suspect } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { CommitSubject } from "../../components/commit-subject.tsx";
import { PersonName } from "../../components/person-name.tsx";
import { plural } from "../../format/plural.ts";
import { TimeSince } from "../../time/time-elements.tsx";
import { Icon } from "../../ui/icons.tsx";
import { statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";

const SUSPECTS_SHOWN = 3;

/** The broken builders: since which build, and the commits that may have broken each. */
export function BrokenPanel({ home }: { home: Home }) {
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
        <p className="panel-note">
          {home.builders.total === 0 ? "Builders come from the configuration file." : "No builder is broken."}
        </p>
      ) : (
        <ul>
          {home.broken.map((builder) => (
            <BrokenRow key={builder.name} builder={builder} />
          ))}
        </ul>
      )}
      <BrokenElsewhere home={home} />
    </section>
  );
}

/** What is broken on other branches than the default one, folded: it concerns those who work there. */
function BrokenElsewhere({ home }: { home: Home }) {
  const { broken_elsewhere: branches, broken_elsewhere_count: count } = home;
  if (count === 0) return null;
  return (
    <details className="broken-elsewhere">
      <summary className="panel-note">{plural(count, "failure")} on other branches</summary>
      <ul>
        {branches.map((builder) => (
          <BrokenRow key={`${builder.name} ${builder.branch}`} builder={builder} isElsewhere />
        ))}
      </ul>
      {count > branches.length && (
        <p className="panel-note">and {plural(count - branches.length, "more failure")}</p>
      )}
    </details>
  );
}

function BrokenRow({ builder, isElsewhere = false }: { builder: BrokenBuilder; isElsewhere?: boolean }) {
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
          {isElsewhere && <span className="tag">{builder.branch}</span>}
          <span className="muted broken-summary">{builder.summary}</span>
        </div>
        <div className="broken-line">
          <span className="muted">
            for <TimeSince at={broken.since_at} />, since <BuildLink build={broken.since} isShort />
            {broken.failures > 1 && (
              <>
                {", "}
                {plural(broken.failures, "build")}, last <BuildLink build={last} isShort />
              </>
            )}
          </span>
        </div>
        {suspects.length > 0 && (
          <ul>
            {suspects.map((suspect) => (
              <SuspectRow key={suspect.change_id} suspect={suspect} />
            ))}
          </ul>
        )}
        {suspect_count > suspects.length && (
          <div className="muted">and {plural(suspect_count - suspects.length, "more commit")}</div>
        )}
        {!builder.baseline && (
          <div className="muted">No build of an earlier commit has passed, so there are no suspects.</div>
        )}
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
        <CommitSubject commit={suspect} />
      </span>
    </li>
  );
}
