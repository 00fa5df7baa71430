import type { Blame, BuildDetail, Change } from "../../api/types.ts";
import { PeopleNames, PersonName } from "../../components/person-name.tsx";
import { Revision } from "../../components/revision.tsx";
import { plural } from "../../format/plural.ts";
import { TimeAgo } from "../../time/time-elements.tsx";
import { isBroken, statusOf } from "../../ui/status.ts";

/** Whose commits are in this build and in no green one. */
export function BlamePanel({ detail: { build, blame } }: { detail: BuildDetail }) {
  if (blame.length === 0) return null;
  const isRed = isBroken(statusOf(build.result, true));
  return (
    <section className="panel" aria-labelledby="blame">
      <div className="panel-head">
        <h2 id="blame">{isRed ? "Blamelist" : "Since the last green build"}</h2>
      </div>
      {blame.map((part) => (
        <SourceBlame key={part.source} part={part} showsSource={blame.length > 1} />
      ))}
    </section>
  );
}

function SourceBlame({ part, showsSource }: { part: Blame; showsSource: boolean }) {
  const { source, baseline, authors, commits, commit_count, truncated } = part;
  return (
    <div className="blame">
      {showsSource && <h3 className="blame-source">{source}</h3>}
      {baseline === "none" ? (
        <p className="panel-note muted">This branch has had no green build yet, so nobody is blamed.</p>
      ) : commit_count === 0 ? (
        <p className="panel-note muted">Nothing here that a green build hasn't had.</p>
      ) : (
        <>
          <p className="panel-note blame-people">
            <PeopleNames people={authors} />
          </p>
          <ul>
            {commits.map((commit) => (
              <ChangeRow key={commit.id} change={commit} />
            ))}
          </ul>
          {(truncated || commit_count > commits.length) && (
            <p className="panel-note muted">and {plural(commit_count - commits.length, "more commit")}</p>
          )}
        </>
      )}
    </div>
  );
}

/** The commits that this build was made for, unless there are none or all of them stand in the panel above. */
export function ChangesPanel({ detail: { build, changes, blame } }: { detail: BuildDetail }) {
  const count = build.change_count;
  const blamedIds = new Set(blame.flatMap((part) => part.commits.map(({ id }) => id)));
  if (count === changes.length && changes.every(({ id }) => blamedIds.has(id))) return null;
  return (
    <section className="panel" aria-labelledby="changes">
      <div className="panel-head">
        <h2 id="changes">
          Changes<span className="count">{count}</span>
        </h2>
      </div>
      <ul>
        {changes.map((change) => (
          <ChangeRow key={change.id} change={change} />
        ))}
      </ul>
      {count > changes.length && <p className="panel-note muted">and {count - changes.length} more</p>}
    </section>
  );
}

export function ChangeRow({ change }: { change: Change }) {
  return (
    <li className="change-row">
      <div className="change-subject">
        {change.erased ? (
          <span className="muted">message erased</span>
        ) : (
          <span>{change.subject || <span className="muted">no message</span>}</span>
        )}
      </div>
      <div className="change-line muted">
        <PersonName person={change.author} />
        {change.co_authors.map((person) => (
          <span key={person.claim_id}>
            with <PersonName person={person} />
          </span>
        ))}
        <Revision revision={change.revision} link={change.link} />
        <span className="nowrap">{plural(change.file_count, "file")}</span>
        <TimeAgo at={change.committed_at} />
      </div>
    </li>
  );
}
