import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useDeferredValue } from "react";
import { buildersQuery } from "../../api/queries.ts";
import type { Builder } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { useAsOf } from "../../state/as-of.ts";
import { Ago, Since } from "../../time/time-elements.tsx";
import { Empty, Loaded } from "../../ui/query-boundary.tsx";
import { type Status, statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import "./builders-page.css";

const route = getRouteApi("/builders");
/** What is drawn at once; the filter narrows the rest. */
const ROWS_MAX = 500;

const VERDICTS: Record<Builder["status"], Status> = {
  passing: "success",
  broken: "failure",
  unclear: "skipped",
  never_built: "unknown",
};

/** Every builder with its last result, always. */
export function Builders() {
  useTabStatus("Builders");
  const query = useQuery(buildersQuery(useAsOf()));
  const { q = "", show } = route.useSearch();
  const navigate = route.useNavigate();
  const wanted = useDeferredValue(q).trim().toLowerCase();
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
      <Loaded query={query}>
        {({ items }) => {
          const found = items.filter(
            (builder) => (!show || builder.status === "broken") && isFound(builder, wanted),
          );
          return items.length === 0 ? (
            <div className="panel">
              <Empty title="No builders yet">They come from the configuration file.</Empty>
            </div>
          ) : (
            <section className="panel" aria-label="Builders">
              {found.length === 0 ? <Empty title="No builder fits the filter" /> : <Rows builders={found} />}
            </section>
          );
        }}
      </Loaded>
    </div>
  );
}

function isFound({ name, project, tags }: Builder, wanted: string): boolean {
  return !wanted || [name, project ?? "", ...tags].some((text) => text.toLowerCase().includes(wanted));
}

function Rows({ builders }: { builders: readonly Builder[] }) {
  const drawn = builders.slice(0, ROWS_MAX);
  return (
    <>
      <table className="table stacks builders-table">
        <thead>
          <tr>
            <th>Builder</th>
            <th>Verdict</th>
            <th>Last build</th>
            <th className="number">Finished</th>
            <th className="number">Builds</th>
          </tr>
        </thead>
        <tbody>
          {drawn.map((builder) => (
            <Row key={builder.name} builder={builder} />
          ))}
        </tbody>
      </table>
      {builders.length > drawn.length && (
        <p className="panel-note muted">{builders.length - drawn.length} more. Narrow them by the filter.</p>
      )}
    </>
  );
}

function Row({ builder }: { builder: Builder }) {
  const { last_build: last, running, broken } = builder;
  return (
    <tr>
      <td className="wide builders-name">
        <StatusIcon status={VERDICTS[builder.status]} label={true} />{" "}
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
      <td className="builders-verdict muted nowrap">
        {broken ? (
          <>
            broken for <Since at={broken.since_at} />
          </>
        ) : (
          { passing: "passing", broken: "broken", unclear: "unclear", never_built: "never built" }[
            builder.status
          ]
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
      <td className="number muted builders-when">{last?.finished_at && <Ago at={last.finished_at} />}</td>
      <td className="number muted hides">{builder.build_count}</td>
    </tr>
  );
}
