import { useQuery } from "@tanstack/react-query";
import { healthQuery } from "../../api/queries.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";

/** What is wrong with the server itself, as it says; nothing while all is well. */
export function HealthPanel() {
  const { data: health } = useQuery(healthQuery);
  if (!health || health.problems.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="health">
      <div className="panel-head">
        <h2 id="health">The server needs attention</h2>
      </div>
      <ul className="health-problems">
        {health.problems.map((problem) => (
          <li key={problem}>
            <StatusIcon status={health.status === "failing" ? "exception" : "warnings"} /> {problem}
          </li>
        ))}
      </ul>
    </section>
  );
}
