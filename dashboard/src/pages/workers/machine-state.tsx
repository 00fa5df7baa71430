import type { Machine, Worker } from "../../api/types.ts";
import { plural } from "../../format/plural.ts";
import { Timestamp } from "../../time/time-elements.tsx";
import type { Status } from "../../ui/status.ts";

const MACHINE_STATES: Record<Machine["state"], { status: Status; word: string }> = {
  stopped: { status: "unknown", word: "stopped" },
  starting: { status: "running", word: "starting" },
  idle: { status: "success", word: "idle" },
  busy: { status: "success", word: "busy" },
  stopping: { status: "skipped", word: "stopping" },
  quarantined: { status: "failure", word: "quarantined" },
  away: { status: "warnings", word: "away" },
};
/** So many failures in a row are no accident. */
const ALERT_AFTER_FAILURES = 3;

/** How a machine is, as an icon and a word. */
export function machineStatus(machine: Machine) {
  return MACHINE_STATES[machine.state];
}

/** Whether a worker isn't there because its machine doesn't run; then a pause that it asked for means nothing. */
export function isMachineDown({ machine, status }: Worker) {
  return machine !== null && status !== "connected";
}

/** What the server does about a worker that it starts: how, where, and why it is as it is. */
export function MachineLine({ machine }: { machine: Machine }) {
  const { state, failures, reason, place, quarantined_until } = machine;
  const isWorking = state === "idle" || state === "busy";
  return (
    <div className="worker-line">
      {quarantined_until ? (
        <span className="muted">
          not started before <Timestamp at={quarantined_until} />
          {reason && `: ${reason}`}
        </span>
      ) : (
        reason && !isWorking && <span className="muted">{reason}</span>
      )}
      {failures > 0 && (
        <span className={failures >= ALERT_AFTER_FAILURES ? "tag worker-trouble" : "tag"}>
          failed {plural(failures, "time")}
          {failures >= ALERT_AFTER_FAILURES && " in a row"}
        </span>
      )}
      <span className="tag">
        {machine.driver}
        {place && state !== "stopped" && `: ${place}`}
      </span>
    </div>
  );
}
