import type { Blame, BuildDetail } from "../../api/types.ts";
import { PeopleNames } from "../../components/person-name.tsx";
import { plural } from "../../format/plural.ts";
import { isBroken, statusOf } from "../../ui/status.ts";
import { ChangeRow } from "./change-row.tsx";

/** The blamelist: for each source the commits that are in this build and in no successful one before it. */
export function BlamePanel({ detail: { build, blame } }: { detail: BuildDetail }) {
  if (blame.length === 0) return null;
  const hasFailed = isBroken(statusOf(build.result, true));
  return (
    <section className="panel" aria-labelledby="blame">
      <div className="panel-head">
        <h2 id="blame">{hasFailed ? "Blamelist" : "Changes since the last successful build"}</h2>
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
    <div>
      {showsSource && <h3 className="blame-source">{source}</h3>}
      {baseline === "none" ? (
        <p className="panel-note">No build of this branch has succeeded yet, so nobody is blamed.</p>
      ) : commit_count === 0 ? (
        <p className="panel-note">No commits since the last successful build.</p>
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
            <p className="panel-note">and {plural(commit_count - commits.length, "more commit")}</p>
          )}
        </>
      )}
    </div>
  );
}
