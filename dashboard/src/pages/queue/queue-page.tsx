import { useInfiniteQuery } from "@tanstack/react-query";
import { usePermissions } from "../../actions/permissions.ts";
import { useCommand } from "../../actions/use-command.ts";
import { queueQuery } from "../../api/queries.ts";
import type { Request } from "../../api/types.ts";
import { ActorName } from "../../components/actor-name.tsx";
import { useAsOf } from "../../state/as-of.ts";
import { TimeAgo, Timestamp } from "../../time/time-elements.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Icon } from "../../ui/icons.tsx";
import { LoadMoreButton } from "../../ui/load-more-button.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { WithoutBuildPanel } from "./without-build-panel.tsx";
import "./queue-page.css";
import { RequestHeading } from "./request-heading.tsx";

/** The waiting requests in the order in which they will be built, each with the reason why it is waiting. */
export function QueuePage() {
  const query = useInfiniteQuery(queueQuery(useAsOf()));
  const waiting = query.data?.pages.flatMap((page) => page.items).length ?? 0;
  useTabStatus(waiting > 0 ? `${waiting} waiting` : "Queue");
  return (
    <div className="page">
      <div className="page-head">
        <h1>Queue</h1>
      </div>
      <QueryBoundary query={query}>
        {({ pages }) => {
          const requests = pages.flatMap((page) => page.items);
          return (
            <section className="panel" aria-label="Waiting requests">
              {requests.length === 0 ? (
                <EmptyState title="No requests waiting">
                  Requests are listed here until a worker is free for them.
                </EmptyState>
              ) : (
                <>
                  <ol>
                    {requests.map((request) => (
                      <RequestRow key={request.id} request={request} />
                    ))}
                  </ol>
                  <LoadMoreButton query={query} />
                </>
              )}
            </section>
          );
        }}
      </QueryBoundary>
      <WithoutBuildPanel />
    </div>
  );
}

function RequestRow({ request }: { request: Request }) {
  const { waiting } = request;
  return (
    <li className="row request">
      <StatusIcon status="pending" label={true} />
      <div className="request-body">
        <RequestHeading request={request} />
        <div className="request-line muted">
          <span>
            {request.reason}, requested by <ActorName actor={request.requested_by} />
          </span>
          <span>
            queued <TimeAgo at={request.submitted_at} />
          </span>
          {request.attempts > 0 && <span>attempt {request.attempts + 1}</span>}
        </div>
        {request.explanation && (
          <div>
            waits once more, since <Timestamp at={request.explanation.at} />: {request.explanation.text}
          </div>
        )}
        {waiting && (
          <div>
            {waiting.text}
            {waiting.workers.some((name) => !waiting.text.includes(name)) && (
              <span className="muted"> ({waiting.workers.join(", ")})</span>
            )}
          </div>
        )}
      </div>
      <RequestActions request={request} />
    </li>
  );
}

function RequestActions({ request }: { request: Request }) {
  const command = useCommand();
  const can = usePermissions();
  const canPrioritise = can("request:prioritise") && !command.isPending;
  const changeBy = (by: number) =>
    command.mutate({ kind: "priority", request: request.id, priority: request.priority + by });
  return (
    <div className="request-actions">
      <fieldset className="priority" aria-label={`Priority of the request for ${request.builder}`}>
        <button
          type="button"
          className="button quiet small icon-only"
          disabled={!canPrioritise}
          aria-label="Lower the priority"
          onClick={() => changeBy(-1)}
        >
          <Icon name="down" size={12} />
        </button>
        <span title="Priority: higher is sooner">{request.priority}</span>
        <button
          type="button"
          className="button quiet small icon-only"
          disabled={!canPrioritise}
          aria-label="Raise the priority"
          onClick={() => changeBy(1)}
        >
          <Icon name="up" size={12} />
        </button>
      </fieldset>
      <button
        type="button"
        className="button small danger"
        disabled={!can("request:cancel") || command.isPending}
        onClick={() => command.mutate({ kind: "cancel", request: request.id, reason: "" })}
      >
        Cancel<span className="visually-hidden"> the request for {request.builder}</span>
      </button>
    </div>
  );
}
