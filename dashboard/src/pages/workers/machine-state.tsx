import type { Machine, Worker } from "../../api/types.ts";
import { plural } from "../../format/plural.ts";
import { Timestamp } from "../../time/time-elements.tsx";
import type { Status } from "../../ui/status.ts";

const MACHINE_STATES: Record<Machine["state"], { status: Status; label: string }> = {
  stopped: { status: "unknown", label: "stopped" },
  starting: { status: "running", label: "starting" },
  idle: { status: "success", label: "idle" },
  busy: { status: "success", label: "busy" },
  stopping: { status: "skipped", label: "stopping" },
  quarantined: { status: "failure", label: "quarantined" },
  away: { status: "warnings", label: "away" },
};
/** Failed starts in a row from which on the count is shown as an alert. */
const ALERT_AFTER_FAILURES = 3;

/** The state of a machine as an icon and a label. */
export function machineStatus(machine: Machine) {
  return MACHINE_STATES[machine.state];
}

/** True when a worker isn't connected because its machine isn't running; whether it is paused doesn't matter then. */
export function isMachineDown({ machine, status }: Worker) {
  return machine !== null && status !== "connected";
}

/** The machine of a worker that the server starts: how and where, failed starts, and the reason for its state. */
export function MachineLine({ machine }: { machine: Machine }) {
  const { state, failures, reason, place, quarantined_until } = machine;
  const isUp = state === "idle" || state === "busy";
  return (
    <div className="worker-line">
      {quarantined_until ? (
        <span className="muted">
          next start not before <Timestamp at={quarantined_until} />
          {reason && `; the last one failed: ${reason}`}
        </span>
      ) : (
        reason && !isUp && <span className="muted">{reason}</span>
      )}
      {failures > 0 && (
        <span className={failures >= ALERT_AFTER_FAILURES ? "tag tag-alert" : "tag"}>
          {plural(failures, "failed start")}
          {failures >= ALERT_AFTER_FAILURES && " in a row"}
        </span>
      )}
      <span className="tag">
        driver {machine.driver}
        {place && state !== "stopped" && `: ${place}`}
      </span>
    </div>
  );
}
