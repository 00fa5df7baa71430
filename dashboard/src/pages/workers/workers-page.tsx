import { useQuery } from "@tanstack/react-query";
import { workersQuery } from "../../api/queries.ts";
import type { Worker } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { plural } from "../../format/plural.ts";
import { useAsOf } from "../../state/as-of.ts";
import { TimeAgo, Timestamp } from "../../time/time-elements.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import type { Status } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { disconnectReasonText } from "./disconnect-reason.ts";
import { isMachineDown, MachineLine, machineStatus } from "./machine-state.tsx";
import "./workers-page.css";

const CONNECTION_STATES: Record<Worker["status"], { status: Status; label: string }> = {
  connected: { status: "success", label: "connected" },
  disconnected: { status: "warnings", label: "disconnected" },
  lost: { status: "failure", label: "lost" },
  never_connected: { status: "unknown", label: "never connected" },
};

/** The machines that run builds: how each is connected and what it is running. */
export function WorkersPage() {
  useTabStatus("Workers");
  const query = useQuery(workersQuery(useAsOf()));
  return (
    <div className="page">
      <div className="page-head">
        <h1>Workers</h1>
      </div>
      <QueryBoundary query={query}>
        {({ items }) => (
          <section className="panel" aria-label="Workers">
            {items.length === 0 ? (
              <EmptyState title="No workers configured">
                Add one to the configuration file, then start it with its enrollment token.
              </EmptyState>
            ) : (
              <ul>
                {items.map((worker) => (
                  <WorkerRow key={worker.name} worker={worker} />
                ))}
              </ul>
            )}
          </section>
        )}
      </QueryBoundary>
    </div>
  );
}

/** Since when a worker is connected or not, and why its session ended. */
function ConnectionDetail({ worker }: { worker: Worker }) {
  const { status, connected_at, disconnected_at, disconnect_reason } = worker;
  if (status === "connected") return connected_at && <> {<TimeAgo at={connected_at} />}</>;
  if (!disconnected_at) return null;
  return (
    <>
      {status === "lost" && ", disconnected"} <TimeAgo at={disconnected_at} />
      {disconnect_reason && `: ${disconnectReasonText(disconnect_reason)}`}
    </>
  );
}

function WorkerRow({ worker }: { worker: Worker }) {
  const { machine, missing_since } = worker;
  const { status, label } = machine ? machineStatus(machine) : CONNECTION_STATES[worker.status];
  const labels = Object.entries(worker.labels);
  const isPaused = worker.paused && !isMachineDown(worker);
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
          {worker.address && <span>{worker.address}</span>}
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
