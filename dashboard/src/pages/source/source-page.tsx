import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { pipelinesQuery } from "../../api/queries.ts";
import type { BranchPipeline, PipelineCounts, SourcePipelines } from "../../api/types.ts";
import { countedOutcomes, outcomeStatus } from "../../components/pipeline-outcomes.ts";
import { ProblemLines } from "../../components/problem-lines.tsx";
import { Revision } from "../../components/revision.tsx";
import { useAsOf } from "../../state/as-of.ts";
import { TimeAgo } from "../../time/time-elements.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Icon } from "../../ui/icons.tsx";
import { LoadMoreButton } from "../../ui/load-more-button.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { DefinedBuildersPanel } from "./defined-builders-panel.tsx";
import { GrantsPanel } from "./grants-panel.tsx";
import "./source-page.css";

const route = getRouteApi("/sources/$source");

/** What the file of a repository defines: on each branch, and what was wrong with it when it was read last. */
export function SourcePage() {
  const { source } = route.useParams();
  const { show } = route.useSearch();
  useTabStatus(source);
  const query = useInfiniteQuery(pipelinesQuery(useAsOf(), source, show));
  return (
    <div className="page">
      <QueryBoundary query={query} title={source}>
        {({ pages }) => (
          <>
            <header>
              <nav className="breadcrumbs" aria-label="Breadcrumb">
                <Link to="/configuration">Configuration</Link>
              </nav>
              <h1>{source}</h1>
            </header>
            {pages[0] && <GrantsPanel granted={pages[0].granted} />}
            {pages[0]?.granted && (
              <BranchesPanel
                pages={pages}
                counts={pages[0].counts}
                isFiltered={show !== undefined}
                query={query}
              />
            )}
            <DefinedBuildersPanel source={source} />
          </>
        )}
      </QueryBoundary>
    </div>
  );
}

function BranchesPanel({
  pages,
  counts,
  isFiltered,
  query,
}: {
  pages: SourcePipelines[];
  counts: PipelineCounts;
  isFiltered: boolean;
  query: Parameters<typeof LoadMoreButton>[0]["query"];
}) {
  const branches = pages.flatMap((page) => page.items);
  const counted = countedOutcomes(counts);
  return (
    <section className="panel" aria-labelledby="branches">
      <div className="panel-head">
        <h2 id="branches">Branches</h2>
        {counted.length > 0 && (
          <nav className="outcomes" aria-label="Branches by what came of their file">
            {isFiltered && (
              <Link from="/sources/$source" search={{}}>
                all branches
              </Link>
            )}
            {counted.map(({ outcome, text }) => (
              <Link key={outcome} from="/sources/$source" search={{ show: outcome }}>
                {text}
              </Link>
            ))}
          </nav>
        )}
      </div>
      {branches.length === 0 ? (
        <NoBranches isFiltered={isFiltered} />
      ) : (
        <>
          <ul>
            {branches.map((branch) => (
              <BranchRow key={branch.branch} branch={branch} />
            ))}
          </ul>
          <LoadMoreButton query={query} label="Show more branches" />
        </>
      )}
    </section>
  );
}

function NoBranches({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <EmptyState title="No such branch" />
  ) : (
    <EmptyState title="No branches yet">
      They are listed once the repository was read for the first time.
    </EmptyState>
  );
}

/** What a trigger builds, unless that is everything. */
function builtBy({ build }: BranchPipeline["triggers"][number], builders: string[]): string {
  return build.length > 1 && build.length === builders.length ? "all of them" : build.join(", ");
}

function BranchRow({
  branch: { branch, revision, change_id, moved_at, file, triggers },
}: {
  branch: BranchPipeline;
}) {
  return (
    <li className="row pipeline">
      <StatusIcon status={outcomeStatus(file.outcome)} label={file.text} />
      <div className="pipeline-body">
        <div className="pipeline-line">
          <span className="pipeline-branch">
            <Icon name="branch" size={12} /> {branch}
          </span>
          <span className="muted">
            at{" "}
            <Link to="/changes/$change" params={{ change: change_id }}>
              <Revision revision={revision} />
            </Link>
            , moved there <TimeAgo at={moved_at} />
          </span>
        </div>
        {file.outcome === "read" && file.builders.length > 0 ? (
          <>
            <ul className="pipeline-builders">
              {file.builders.map((builder) => (
                <li key={builder}>
                  <Link to="/builders/$builder" params={{ builder }}>
                    {builder}
                  </Link>
                </li>
              ))}
            </ul>
            <ul className="muted">
              {triggers.map((trigger) => (
                <li key={trigger.name}>
                  {trigger.text}: {builtBy(trigger, file.builders)}
                </li>
              ))}
            </ul>
          </>
        ) : (
          <div className="muted">{file.text}</div>
        )}
        <ProblemLines problems={file.problems} />
      </div>
    </li>
  );
}
