import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useDeferredValue } from "react";
import { buildersQuery, projectsQuery } from "../../api/queries.ts";
import type { Builder, Project } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { useAsOf } from "../../state/as-of.ts";
import { TimeAgo, TimeSince } from "../../time/time-elements.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { type Status, statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { type ProjectGroup, projectGroups } from "./project-groups.ts";
import "./builders-page.css";

const route = getRouteApi("/builders");
/** How many rows are rendered at most; the filter reaches the rest. */
const ROWS_MAX = 500;

const STATUSES: Record<Builder["status"], { icon: Status; label: string }> = {
  passing: { icon: "success", label: "passing" },
  broken: { icon: "failure", label: "broken" },
  unclear: { icon: "skipped", label: "unknown result" },
  never_built: { icon: "unknown", label: "not built yet" },
};

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
        {({ items }) => {
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
            <Groups builders={matching} projects={projects} />
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
  const groups = projectGroups(builders.slice(0, ROWS_MAX), projects);
  const isAlone = groups.length === 1 && groups[0]?.name === undefined;
  return (
    <>
      {groups.map((group) => (
        <section className="panel" aria-label={nameOf(group)} key={group.name ?? ""}>
          {!isAlone && <ProjectHead group={group} />}
          <BuildersTable builders={group.builders} />
        </section>
      ))}
      {builders.length > ROWS_MAX && (
        <p className="panel-note">
          {(builders.length - ROWS_MAX).toLocaleString("en")} more. Use the filter to narrow the list.
        </p>
      )}
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

function BuildersTable({ builders }: { builders: readonly Builder[] }) {
  return (
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
        {builders.map((builder) => (
          <BuilderRow key={builder.name} builder={builder} />
        ))}
      </tbody>
    </table>
  );
}

function BuilderRow({ builder }: { builder: Builder }) {
  const { last_build: last, running, broken } = builder;
  const status = STATUSES[builder.status];
  return (
    <tr>
      <td className="wide builders-name">
        <StatusIcon status={status.icon} label={status.label} />{" "}
        <Link to="/builders/$builder" params={{ builder: builder.name }}>
          {builder.name}
        </Link>{" "}
        {builder.tags.map((tag) => (
          <span className="tag" key={tag}>
            {tag}
          </span>
        ))}
        {!builder.configured && <span className="tag">no longer configured</span>}
      </td>
      <td className="builders-status muted nowrap">
        {broken ? (
          <>
            broken for <TimeSince at={broken.since_at} />
          </>
        ) : (
          status.label
        )}
      </td>
      <td className="nowrap builders-last">
        {last && (
          <>
            <StatusIcon status={statusOf(last.result, true)} label={true} size={14} />{" "}
            <BuildLink build={last} isShort />
          </>
        )}
        {running.map((build) => (
          <span className="builders-running" key={build.id}>
            <StatusIcon status="running" label={true} size={14} /> <BuildLink build={build} isShort />
          </span>
        ))}
      </td>
      <td className="number muted builders-finished">
        {last?.finished_at && <TimeAgo at={last.finished_at} />}
      </td>
      <td className="number muted hidden-on-phones">{builder.build_count}</td>
    </tr>
  );
}
