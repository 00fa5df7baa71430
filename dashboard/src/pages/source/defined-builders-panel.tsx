import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { definedBuildersQuery } from "../../api/queries.ts";
import type { DefinedBuilder } from "../../api/types.ts";
import { PlaceLink } from "../../components/place-link.tsx";
import { plural } from "../../format/plural.ts";
import { useAsOf } from "../../state/as-of.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { LoadMoreButton } from "../../ui/load-more-button.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";

/** The builders that the file of a repository defines on any branch, and those that it has ever defined. */
export function DefinedBuildersPanel({ source }: { source: string }) {
  const query = useInfiniteQuery(definedBuildersQuery(useAsOf(), source));
  return (
    <section className="panel" aria-labelledby="builders">
      <div className="panel-head">
        <h2 id="builders">Builders of the file</h2>
      </div>
      <QueryBoundary query={query}>
        {({ pages }) => {
          const builders = pages.flatMap((page) => page.items);
          return builders.length === 0 ? (
            <EmptyState title="None">No file of this repository has defined a builder so far.</EmptyState>
          ) : (
            <>
              <ul>
                {builders.map((builder) => (
                  <DefinedBuilderRow key={builder.name} builder={builder} />
                ))}
              </ul>
              <LoadMoreButton query={query} label="Show more builders" />
            </>
          );
        }}
      </QueryBoundary>
    </section>
  );
}

function DefinedBuilderRow({ builder: { name, branch_count, last_seen } }: { builder: DefinedBuilder }) {
  return (
    <li className="row pipeline">
      <div className="pipeline-body pipeline-line">
        <Link className="pipeline-branch" to="/builders/$builder" params={{ builder: name }}>
          {name}
        </Link>
        <span className="muted">
          {branch_count > 0 ? `on ${plural(branch_count, "branch", "branches")}` : "on no branch any more"}
          {last_seen && (
            <>
              , last seen on <PlaceLink place={last_seen} />
            </>
          )}
        </span>
      </div>
    </li>
  );
}
