import type { PipelineGrants } from "../../api/types.ts";
import { EmptyState } from "../../ui/empty-state.tsx";

/** What the central configuration lets the file of a repository define. */
export function GrantsPanel({ granted }: { granted: PipelineGrants | null }) {
  return (
    <section className="panel" aria-labelledby="grants">
      <div className="panel-head">
        <h2 id="grants">What the repository may define</h2>
      </div>
      {granted ? (
        <dl className="grants">
          {grantLines(granted).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <EmptyState title="Nothing">
          The configuration has no <code>repo_pipelines</code> of this source, so no file of its repository is
          read.
        </EmptyState>
      )}
    </section>
  );
}

function grantLines(granted: PipelineGrants): [string, string][] {
  const { branches, worker, project } = granted;
  const optional: [string, string][] = [
    ["Secrets", granted.secrets.join(", ")],
    ["Locks", granted.locks.join(", ")],
    ["Other sources", granted.sources.join(", ")],
    ["Held to workers", worker ?? ""],
    ["Project", project ?? ""],
  ];
  return [
    ["File", granted.path],
    ["On branches", branches.length === 1 && branches[0] === "**" ? "all" : branches.join(", ")],
    ["May define", granted.may_define.join(", ")],
    ...optional.filter(([, value]) => value !== ""),
    ["At most", `${granted.max_builders} builders of ${granted.max_steps} steps each`],
  ];
}
