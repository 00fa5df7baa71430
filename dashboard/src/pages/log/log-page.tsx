import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useLocation } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from "react";
import { toProblem } from "../../api/problem.ts";
import { buildQuery, logQuery } from "../../api/queries.ts";
import type { LogDetail } from "../../api/types.ts";
import { plural } from "../../format/plural.ts";
import { fetchLines } from "../../log/fetch-lines.ts";
import { useAsOf } from "../../state/as-of.ts";
import { urlOf } from "../../state/urls.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Icon } from "../../ui/icons.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { showToast } from "../../ui/toasts.tsx";
import { GoToLine } from "./go-to-line.tsx";
import { LineCache } from "./line-cache.ts";
import { formatLineRange, type LineRange, parseLineRange, selectLines } from "./line-range.ts";
import { LogView } from "./log-view.tsx";
import { SearchBar } from "./search-bar.tsx";
import "./log-page.css";

const route = getRouteApi("/logs/$log");

/** One log of any length: live, searchable as a whole, with a URL for every line. */
export function LogPage() {
  const { log } = route.useParams();
  const query = useQuery(logQuery(log));
  return (
    <div className="page log-page">
      <QueryBoundary query={query} title="Log">
        {(detail) => <LogDetails key={log} detail={detail} />}
      </QueryBoundary>
    </div>
  );
}

function LogDetails({ detail }: { detail: LogDetail }) {
  const { log, extent } = detail;
  const { q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const hash = useLocation({ select: (location) => location.hash });
  const selection = parseLineRange(hash);
  const [isFollowing, setFollowing] = useState(!extent.finished && !selection);
  const [hit, setHit] = useState<number>();
  const [target, setTarget] = useState(selection && { line: selection.from });
  const lineCache = useLineCache(log.id, extent.line_count, extent.size_bytes);
  useTabStatus(`${log.label} log`, extent.finished ? undefined : "running");

  // The URL may change while the page is shown: by the back button, or when somebody edits it.
  const ownHash = useRef(hash);
  useEffect(() => {
    if (hash === ownHash.current) return;
    ownHash.current = hash;
    const range = parseLineRange(hash);
    if (range) setTarget({ line: range.from });
  }, [hash]);

  const select = (range: LineRange) => {
    ownHash.current = formatLineRange(range);
    void navigate({ hash: ownHash.current, search: true, replace: true, resetScroll: false });
  };
  const goTo = (range: LineRange) => {
    setFollowing(false);
    select(range);
    setTarget({ line: range.from });
  };
  const onHit = useCallback((line: number | undefined) => {
    setHit(line);
    if (line === undefined) return;
    setFollowing(false);
    setTarget({ line });
  }, []);

  return (
    <>
      <header className="log-head">
        <Title detail={detail} />
        <LogTools
          detail={detail}
          query={q}
          selection={selection}
          isFollowing={isFollowing}
          onFollow={setFollowing}
          onGo={goTo}
          onHit={onHit}
        />
      </header>
      {extent.line_count === 0 ? (
        <div className="panel log-empty">
          <EmptyState title={extent.finished ? "No output" : "No output yet"} />
        </div>
      ) : (
        <LogView
          lineCache={lineCache}
          lines={extent.line_count}
          selection={selection}
          query={q}
          hit={hit}
          isFollowing={isFollowing}
          onFollow={setFollowing}
          onSelect={(line, isExtending) => select(selectLines(selection, line, isExtending))}
          target={target}
        />
      )}
    </>
  );
}

type LogToolsProps = {
  detail: LogDetail;
  query: string;
  selection: LineRange | undefined;
  isFollowing: boolean;
  onFollow(isFollowing: boolean): void;
  onGo(range: LineRange): void;
  onHit(line: number | undefined): void;
};

function LogTools({ detail, query, selection, isFollowing, onFollow, onGo, onHit }: LogToolsProps) {
  const { log, extent } = detail;
  const navigate = route.useNavigate();
  const setQuery = (text: string) =>
    void navigate({
      search: (before) => ({ ...before, q: text || undefined }),
      hash: true,
      replace: true,
      resetScroll: false,
    });
  return (
    <div className="log-tools">
      <SearchBar log={log.id} query={query} onQuery={setQuery} onHit={onHit} />
      <GoToLine lines={extent.line_count} onGo={onGo} />
      {!extent.finished && (
        <button
          type="button"
          className="button small"
          aria-pressed={isFollowing}
          onClick={() => onFollow(!isFollowing)}
        >
          <Icon name="down" size={12} /> Follow
        </button>
      )}
      {selection && <CopyLinesButton log={log.id} range={selection} />}
      <a className="button small" href={urlOf(`api/v1/logs/${log.id}/raw`)} target="_blank" rel="noreferrer">
        Raw
      </a>
    </div>
  );
}

function Title({ detail: { log, extent } }: { detail: LogDetail }) {
  const build = useQuery(buildQuery(useAsOf(), log.build_id)).data;
  const step = build?.steps.find(({ index }) => index === log.step);
  return (
    <div className="log-title">
      <nav className="breadcrumbs" aria-label="Breadcrumb">
        {build && (
          <>
            <Link to="/builders/$builder" params={{ builder: build.build.builder }}>
              {build.build.builder}
            </Link>
            <span aria-hidden="true">/</span>
          </>
        )}
        <Link to="/builds/$build" params={{ build: log.build_id }}>
          {build ? `#${build.build.number}` : "build"}
        </Link>
        {step && (
          <>
            <span aria-hidden="true">/</span>
            <span>{step.name}</span>
          </>
        )}
      </nav>
      <h1 title={log.label}>
        {step && <StatusIcon status={statusOf(step.result, true)} label={true} />} {log.label}
      </h1>
      <span className="muted nowrap">
        {plural(extent.line_count, "line")}
        {!extent.finished && ", still growing"}
        {log.truncated && ", truncated at the size limit"}
      </span>
    </div>
  );
}

function CopyLinesButton({ log, range }: { log: string; range: LineRange }) {
  const count = range.to - range.from + 1;
  const copy = async () => {
    try {
      const lines = await fetchLines(log, range.from - 1, count);
      await navigator.clipboard.writeText(`${lines.join("\n")}\n`);
      showToast({ kind: "success", text: `${plural(count, "line")} copied` });
    } catch (thrown) {
      showToast({ kind: "error", text: `Could not copy: ${toProblem(thrown).message}` });
    }
  };
  return (
    <button type="button" className="button small" onClick={() => void copy()}>
      Copy {plural(count, "line")}
    </button>
  );
}

/** The line cache of a log. Its extent is set while rendering, so that no frame shows an old one. */
function useLineCache(log: string, lines: number, size_bytes: number): LineCache {
  const [, redraw] = useReducer((turn: number) => turn + 1, 0);
  const pages = useMemo(
    () =>
      new LineCache(
        (first, count, signal) => fetchLines(log, first, count, signal),
        redraw,
        (problem) =>
          showToast({ kind: "error", text: `Could not load lines: ${toProblem(problem).message}` }),
      ),
    [log],
  );
  useEffect(() => () => pages.close(), [pages]);
  pages.setExtent(lines, size_bytes);
  return pages;
}
