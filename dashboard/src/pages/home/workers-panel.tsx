import { Link } from "@tanstack/react-router";
import type { Home } from "../../api/types.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";

/** How many workers are connected, busy and paused. */
export function WorkersPanel({ home }: { home: Home }) {
  const { total, connected, paused, busy } = home.workers;
  return (
    <section className="panel" aria-labelledby="workers">
      <div className="panel-head">
        <h2 id="workers">Workers</h2>
        <Link to="/workers">Show all</Link>
      </div>
      <p className="panel-note">
        <StatusIcon status={total === 0 ? "unknown" : connected === total ? "success" : "warnings"} />{" "}
        {total === 0 ? "No workers configured" : `${connected} of ${total} connected, ${busy} busy`}
        {paused > 0 && `, ${paused} paused`}
      </p>
    </section>
  );
}
