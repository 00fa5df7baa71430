import type { BuilderDetail } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { plural } from "../../format/plural.ts";
import { TimeSince } from "../../time/time-elements.tsx";
import { statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";

/** How the builder stands on each branch, if it has built others than its default branch. */
export function BranchesPanel({ detail }: { detail: BuilderDetail }) {
  const { branches, builder } = detail;
  if (!branches.some(({ branch }) => branch !== builder.default_branch)) return null;
  return (
    <section className="panel" aria-labelledby="branches">
      <div className="panel-head">
        <h2 id="branches">
          Branches<span className="count">{branches.length}</span>
        </h2>
      </div>
      <ul>
        {branches.map(({ branch, broken, last_build: last }) => (
          <li className="row" key={branch}>
            <StatusIcon status={statusOf(last.result, true)} label={true} />
            <strong className="clip">{branch}</strong>
            {branch === builder.default_branch && <span className="tag">default</span>}
            <span className="muted">
              {broken ? (
                <>
                  broken for <TimeSince at={broken.since_at} />, since{" "}
                  <BuildLink build={broken.since} isShort />
                  {broken.failures > 1 && ` (${plural(broken.failures, "build")})`}
                </>
              ) : (
                <>
                  last build <BuildLink build={last} isShort />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
