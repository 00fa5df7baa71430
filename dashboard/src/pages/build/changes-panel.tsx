import type { BuildDetail } from "../../api/types.ts";
import { plural } from "../../format/plural.ts";
import { ChangeRow } from "./change-row.tsx";

/** The commits the build was requested for; nothing when there are none or the blamelist already shows all of them. */
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
      {count > changes.length && (
        <p className="panel-note">and {plural(count - changes.length, "more commit")}</p>
      )}
    </section>
  );
}
