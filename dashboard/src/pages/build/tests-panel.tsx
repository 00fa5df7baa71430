import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { testsQuery } from "../../api/queries.ts";
import type { BuildDetail, TestResult, TestTotals } from "../../api/types.ts";
import { plural } from "../../format/plural.ts";
import { useAsOf } from "../../state/as-of.ts";
import { LoadMoreButton } from "../../ui/load-more-button.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import type { Status } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";

const TEST_STATUS: Record<TestResult["status"], Status> = {
  passed: "success",
  failed: "failure",
  error: "exception",
  skipped: "skipped",
};

/** Test results: the counts, the failures with their messages, and all tests on request. */
export function TestsPanel({ detail: { tests, build } }: { detail: BuildDetail }) {
  const [isShowingAll, setShowingAll] = useState(false);
  return (
    <section className="panel" aria-labelledby="tests">
      <div className="panel-head">
        <h2 id="tests">Tests</h2>
        {tests && (
          <button type="button" className="button small" onClick={() => setShowingAll(!isShowingAll)}>
            {isShowingAll ? "Show failures" : "Show all"}
          </button>
        )}
      </div>
      {tests ? (
        <>
          <Counts totals={tests.totals} />
          {isShowingAll ? <AllTests build={build.id} /> : <TestList tests={tests.failures} />}
          {!isShowingAll && tests.totals.failed + tests.totals.errors > tests.failures.length && (
            <p className="panel-note">Showing the first {plural(tests.failures.length, "failure")}.</p>
          )}
        </>
      ) : (
        <p className="panel-note">
          {build.finished_at ? "No test reports in this build." : "No test reports yet."}
        </p>
      )}
    </section>
  );
}

function Counts({ totals }: { totals: TestTotals }) {
  const kinds: [TestResult["status"], number, string][] = [
    ["failed", totals.failed, "failed"],
    ["error", totals.errors, totals.errors === 1 ? "error" : "errors"],
    ["skipped", totals.skipped, "skipped"],
    ["passed", totals.passed, "passed"],
  ];
  const present = kinds.filter(([, count]) => count > 0);
  return (
    <p className="test-counts">
      {present.map(([status, count, label]) => (
        <span key={status}>
          <StatusIcon status={TEST_STATUS[status]} /> {count.toLocaleString("en")} {label}
        </span>
      ))}
      {present.length === 0 && <span className="muted">The reports contain no tests.</span>}
      {totals.omitted > 0 && (
        <span className="muted">
          {totals.omitted.toLocaleString("en")} more passed or skipped, not listed
        </span>
      )}
    </p>
  );
}

function TestList({ tests }: { tests: readonly TestResult[] }) {
  return (
    <ul>
      {tests.map((test, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a report may hold the same test twice, and the list only grows
        <TestRow key={index} test={test} />
      ))}
    </ul>
  );
}

function TestRow({ test: { name, suite, status, seconds, message, report } }: { test: TestResult }) {
  return (
    <li className="test-row" title={report}>
      <p className="test-heading">
        <StatusIcon status={TEST_STATUS[status]} />
        <span className="test-name">
          {suite && <span className="muted">{suite} · </span>}
          {name}
        </span>
        {seconds !== null && <span className="number muted">{seconds.toFixed(seconds < 1 ? 3 : 1)} s</span>}
      </p>
      {message && <pre className="test-message">{message}</pre>}
    </li>
  );
}

function AllTests({ build }: { build: string }) {
  const query = useInfiniteQuery(testsQuery(useAsOf(), build));
  return (
    <QueryBoundary query={query}>
      {({ pages }) => (
        <>
          <TestList tests={pages.flatMap((page) => page.items)} />
          <LoadMoreButton query={query} label="Show more" />
        </>
      )}
    </QueryBoundary>
  );
}
