import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { workersQuery } from "../../api/queries.ts";
import type { Worker } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { plural } from "../../format/plural.ts";
import { useAsOf } from "../../state/as-of.ts";
import { TimeAgo, Timestamp } from "../../time/time-elements.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { LoadMoreButton } from "../../ui/load-more-button.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { addressText, connectionState, disconnectReasonText, hasStopped } from "./connection-state.ts";
import { isMachineDown, MachineLine, machineStatus } from "./machine-state.tsx";
import "./workers-page.css";

const route = getRouteApi("/workers");

/** The machines that run builds: how each is connected and what it is running. */
export function WorkersPage() {
  const { show } = route.useSearch();
  const isFormer = show === "former";
  useTabStatus(isFormer ? "Former workers" : "Workers");
  const query = useInfiniteQuery(workersQuery(useAsOf(), isFormer));
  return (
    <div className="page">
      <div className="page-head">
        <h1>{isFormer ? "Former workers" : "Workers"}</h1>
        <div className="page-actions">
          <Link to="/workers" search={isFormer ? {} : { show: "former" }}>
            {isFormer ? "Show present workers" : "Show former workers"}
          </Link>
        </div>
      </div>
      <QueryBoundary query={query}>
        {({ pages }) => {
          const workers = pages.flatMap((page) => page.items);
          return (
            <section className="panel" aria-label={isFormer ? "Former workers" : "Workers"}>
              {workers.length === 0 ? (
                <NoWorkers isFormer={isFormer} />
              ) : (
                <>
                  <ul>
                    {workers.map((worker) => (
                      <WorkerRow key={worker.name} worker={worker} />
                    ))}
                  </ul>
                  <LoadMoreButton query={query} label="Show more" />
                </>
              )}
            </section>
          );
        }}
      </QueryBoundary>
    </div>
  );
}

function NoWorkers({ isFormer }: { isFormer: boolean }) {
  return isFormer ? (
    <EmptyState title="No former workers">
      Workers that the configuration no longer names are listed here when they are gone.
    </EmptyState>
  ) : (
    <EmptyState title="No workers configured">
      Add one to the configuration file, then start it with its enrollment token.
    </EmptyState>
  );
}

/** Since when a worker is connected or not, and why its session ended. */
function ConnectionDetail({ worker }: { worker: Worker }) {
  const { status, connected_at, disconnected_at, disconnect_reason } = worker;
  if (status === "connected") return connected_at && <> {<TimeAgo at={connected_at} />}</>;
  if (!disconnected_at) return null;
  const isStopped = hasStopped(worker);
  return (
    <>
      {status === "lost" && !isStopped && ", disconnected"} <TimeAgo at={disconnected_at} />
      {disconnect_reason && !isStopped && `: ${disconnectReasonText(disconnect_reason)}`}
    </>
  );
}

function WorkerRow({ worker }: { worker: Worker }) {
  const { machine, missing_since } = worker;
  const { status, label } = machine ? machineStatus(machine) : connectionState(worker);
  const labels = Object.entries(worker.labels);
  const isPaused = worker.paused_by === "person" && !isMachineDown(worker);
  return (
    <li className="row worker">
      <StatusIcon
        status={missing_since ? "failure" : isPaused ? "skipped" : status}
        label={missing_since ? "Missing" : isPaused ? "Paused" : label}
      />
      <div className="worker-body">
        <div className="worker-line">
          <strong>{worker.name}</strong>
          <span className="muted">
            {label}
            {!machine && <ConnectionDetail worker={worker} />}
          </span>
          {missing_since && (
            <span className="tag tag-alert">
              missing since <Timestamp at={missing_since} />
            </span>
          )}
          {isPaused && <span className="tag">paused{worker.pause_reason && `: ${worker.pause_reason}`}</span>}
          {!worker.configured && <span className="tag">no longer configured</span>}
          {!worker.enrolled && !isMachineDown(worker) && <span className="tag">not enrolled</span>}
        </div>
        {machine && <MachineLine machine={machine} />}
        <div className="worker-line muted">
          {worker.os && (
            <span>
              {worker.os} {worker.arch}
            </span>
          )}
          {worker.version && <span>version {worker.version}</span>}
          {worker.address && <span>from {addressText(worker.address)}</span>}
          {labels.map(([name, value]) => (
            <span className="tag" key={name}>
              {name}={value}
            </span>
          ))}
        </div>
      </div>
      <div className="worker-load">
        <span className="muted">
          {worker.running.length} of {plural(worker.capacity, "slot")} busy
        </span>
        {worker.running.map((build) => (
          <span className="nowrap" key={build.id}>
            <StatusIcon status="running" size={14} /> <BuildLink build={build} />
          </span>
        ))}
      </div>
    </li>
  );
}
