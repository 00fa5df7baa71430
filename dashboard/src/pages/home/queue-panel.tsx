import { Link } from "@tanstack/react-router";
import type { Home } from "../../api/types.ts";
import { TimeAgo } from "../../time/time-elements.tsx";
import { StatusIcon } from "../../ui/status-icon.tsx";

/** The first waiting requests, each with the reason why it is waiting. */
export function QueuePanel({ home }: { home: Home }) {
  const { waiting, oldest_at, first } = home.queue;
  return (
    <section className="panel" aria-labelledby="queue">
      <div className="panel-head">
        <h2 id="queue">
          Queue<span className="count">{waiting}</span>
        </h2>
        {waiting > 0 && <Link to="/queue">Show all</Link>}
      </div>
      {waiting === 0 ? (
        <p className="panel-note">No requests waiting.</p>
      ) : (
        <>
          <ul>
            {first.map((request) => (
              <li className="row" key={request.id}>
                <StatusIcon status="pending" label={true} />
                <div className="queue-body">
                  <Link to="/builders/$builder" params={{ builder: request.builder }} className="clip">
                    {request.builder}
                  </Link>
                  <span className="muted">{request.waiting?.text ?? request.reason}</span>
                </div>
                <span className="number muted">
                  <TimeAgo at={request.submitted_at} />
                </span>
              </li>
            ))}
          </ul>
          {oldest_at && waiting > first.length && (
            <p className="panel-note">
              The oldest was queued <TimeAgo at={oldest_at} />.
            </p>
          )}
        </>
      )}
    </section>
  );
}
