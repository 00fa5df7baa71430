import type { Home } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { Duration } from "../../time/time-elements.tsx";
import { StatusIcon } from "../../ui/status-icon.tsx";

function whatItDoes({ status, step }: Home["running"][number]) {
  if (status === "stopping" && !step?.after_stop) return "stopping";
  if (!step) return "starting";
  return step.waiting ? `${step.name}: ${step.waiting.text}` : step.name;
}

/** The running builds: current step, worker and time so far. */
export function RunningPanel({ home }: { home: Home }) {
  return (
    <section className="panel" aria-labelledby="running">
      <div className="panel-head">
        <h2 id="running">
          Running<span className="count">{home.running_count}</span>
        </h2>
      </div>
      {home.running.length === 0 ? (
        <p className="panel-note">No builds running.</p>
      ) : (
        <ul>
          {home.running.map((build) => (
            <li className="row" key={build.id}>
              <StatusIcon status="running" label={true} />
              <span className="clip running-name">
                <BuildLink build={build} />
              </span>
              <span className="clip muted running-step">{whatItDoes(build)}</span>
              <span className="muted running-worker">{build.worker}</span>
              <span className="number">
                <Duration from={build.assigned_at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
