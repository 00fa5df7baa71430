import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useDeferredValue } from "react";
import { buildersQuery, projectsQuery } from "../../api/queries.ts";
import type { Builder, Project } from "../../api/types.ts";
import { useAsOf } from "../../state/as-of.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { BuilderRow, MatrixRows } from "./builder-rows.tsx";
import { grouped } from "./grouping.ts";
import { type ProjectGroup, projectGroups } from "./project-groups.ts";
import "./builders-page.css";

const route = getRouteApi("/builders");
/** How many rows are rendered at most, divided among the projects, but not fewer for one than the second number. */
const ROWS_MAX = 500;
const ROWS_MIN = 50;
/** Up to how many builders in the list the cells of matrices are shown without being asked for. */
const OPEN_MAX = 100;

/** Every builder with its status and its last build, filtered by text and by "broken only". */
export function BuildersPage() {
  useTabStatus("Builders");
  const asOf = useAsOf();
  const query = useQuery(buildersQuery(asOf));
  const projects = useQuery(projectsQuery(asOf)).data?.items ?? [];
  const { q = "", show } = route.useSearch();
  const navigate = route.useNavigate();
  const filter = useDeferredValue(q).trim().toLowerCase();
  return (
    <div className="page">
      <div className="page-head">
        <h1>Builders</h1>
        <div className="page-actions">
          <button
            type="button"
            className="button"
            aria-pressed={show === "broken"}
            onClick={() =>
              void navigate({
                search: (before) => ({ ...before, show: show ? undefined : "broken" }),
                replace: true,
              })
            }
          >
            Broken only
          </button>
          <input
            className="input filter"
            type="search"
            aria-label="Filter builders by name, tag or project"
            placeholder="Filter by name, tag or project"
            value={q}
            onChange={({ target }) =>
              void navigate({
                search: (before) => ({ ...before, q: target.value || undefined }),
                replace: true,
              })
            }
          />
        </div>
      </div>
      <QueryBoundary query={query}>
        {({ items, next }) => {
          const matching = items.filter(
            (builder) => (!show || builder.status === "broken") && matchesFilter(builder, filter),
          );
          return items.length === 0 ? (
            <div className="panel">
              <EmptyState title="No builders yet">They come from the configuration file.</EmptyState>
            </div>
          ) : matching.length === 0 ? (
            <section className="panel" aria-label="Builders">
              <EmptyState title="No builder matches the filter" />
            </section>
          ) : (
            <>
              <Groups builders={matching} projects={projects} />
              {next !== null && (
                <p className="panel-note">
                  These are the first {items.length.toLocaleString("en")} by name; the API has the rest.
                </p>
              )}
            </>
          );
        }}
      </QueryBoundary>
    </div>
  );
}

function matchesFilter({ name, project, tags }: Builder, filter: string): boolean {
  return !filter || [name, project ?? "", ...tags].some((text) => text.toLowerCase().includes(filter));
}

function Groups({ builders, projects }: { builders: readonly Builder[]; projects: readonly Project[] }) {
  const groups = projectGroups(builders, projects);
  const rowsMax = Math.max(ROWS_MIN, Math.floor(ROWS_MAX / groups.length));
  const isAlone = groups.length === 1 && groups[0]?.name === undefined;
  return (
    <>
      {groups.map((group) => (
        <section className="panel" aria-label={nameOf(group)} key={group.name ?? ""}>
          {!isAlone && <ProjectHead group={group} />}
          <BuildersTable builders={group.builders} rowsMax={rowsMax} />
        </section>
      ))}
    </>
  );
}

function nameOf({ name, project }: ProjectGroup): string {
  return project?.title ?? name ?? "Builders";
}

function ProjectHead({ group }: { group: ProjectGroup }) {
  const { name, project } = group;
  return (
    <header className="panel-head">
      <div>
        <h2>{name === undefined ? "Without a project" : nameOf(group)}</h2>
        {project?.description && <p className="muted">{project.description}</p>}
      </div>
      {project?.url && (
        <a className="muted" href={project.url} rel="noreferrer">
          {project.url.replace(/^https?:\/\//, "")}
        </a>
      )}
    </header>
  );
}

function BuildersTable({ builders, rowsMax }: { builders: readonly Builder[]; rowsMax: number }) {
  const entries = grouped(builders);
  const shown = entries.slice(0, rowsMax);
  return (
    <>
      <table className="table stacked-on-phones builders-table">
        <thead>
          <tr>
            <th>Builder</th>
            <th>Status</th>
            <th>Last build</th>
            <th className="number">Finished</th>
            <th className="number">Builds</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((entry) =>
            entry.isMatrix ? (
              <MatrixRows key={`matrix ${entry.name}`} entry={entry} isOpen={builders.length <= OPEN_MAX} />
            ) : (
              entry.builders.map((builder) => <BuilderRow key={builder.name} builder={builder} />)
            ),
          )}
        </tbody>
      </table>
      {entries.length > shown.length && (
        <p className="panel-note">
          Showing {shown.length.toLocaleString("en")} of {entries.length.toLocaleString("en")}. Use the filter
          to narrow the list.
        </p>
      )}
    </>
  );
}
