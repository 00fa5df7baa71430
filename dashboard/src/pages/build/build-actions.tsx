import { usePermissions } from "../../actions/permissions.ts";
import { useCommand } from "../../actions/use-command.ts";
import type { Build } from "../../api/types.ts";
import { Icon } from "../../ui/icons.tsx";

/** The buttons of a build: Rebuild when it has finished, else Stop, and Stop now while steps run after that. */
export function BuildActions({ build }: { build: Build }) {
  const command = useCommand();
  const can = usePermissions();
  const isRunning = build.status === "running";
  const runsAllTheSame = build.status === "stopping" && build.step?.after_stop === true;
  return (
    <div className="page-actions">
      {build.status === "finished" ? (
        <button
          type="button"
          className="button"
          disabled={!can("build:rebuild") || command.isPending}
          title="Build the same revisions again"
          onClick={() => command.mutate({ kind: "rebuild", build: build.id, reason: "" })}
        >
          <Icon name="again" size={13} /> Rebuild
        </button>
      ) : (
        <button
          type="button"
          className="button danger"
          disabled={!can("build:stop") || !(isRunning || runsAllTheSame) || command.isPending}
          title={runsAllTheSame ? "End the step that always runs, too, and start no others" : undefined}
          onClick={() => command.mutate({ kind: "stop", build: build.id, reason: "" })}
        >
          <Icon name="stop" size={13} /> {isRunning ? "Stop" : runsAllTheSame ? "Stop now" : "Stopping…"}
        </button>
      )}
    </div>
  );
}
