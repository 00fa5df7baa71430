import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { withoutBuildQuery } from "../../api/queries.ts";
import type { Request } from "../../api/types.ts";
import { ActorName } from "../../components/actor-name.tsx";
import { useAsOf } from "../../state/as-of.ts";
import { TimeAgo } from "../../time/time-elements.tsx";
import { LoadMoreButton } from "../../ui/load-more-button.tsx";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { RequestHeading } from "./request-heading.tsx";

/** The requests that got no build of their own: who or what decided it, when and why. Nothing if there are none. */
export function WithoutBuildPanel() {
  const query = useInfiniteQuery(withoutBuildQuery(useAsOf()));
  const requests = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (requests.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="without-build">
      <div className="panel-head">
        <h2 id="without-build">Without a build of their own</h2>
      </div>
      <ul>
        {requests.map((request) => (
          <ClosedRow key={request.id} request={request} />
        ))}
      </ul>
      <LoadMoreButton query={query} />
    </section>
  );
}

function ClosedRow({ request }: { request: Request }) {
  const { explanation } = request;
  if (!explanation) return null;
  const isCancelled = explanation.code === "cancelled";
  return (
    <li className="row request">
      <StatusIcon status={isCancelled ? "cancelled" : "skipped"} />
      <div className="request-body">
        <RequestHeading request={request} />
        <div className="request-line muted">
          <span>
            {request.reason}, requested by <ActorName actor={request.requested_by} />{" "}
            <TimeAgo at={request.submitted_at} />
          </span>
        </div>
        <div>
          {isCancelled ? "Cancelled" : "Joined with another request"} by <ActorName actor={explanation.by} />{" "}
          <TimeAgo at={explanation.at} />: {explanation.text}
          {request.build_id && (
            <>
              {" · "}
              <Link to="/builds/$build" params={{ build: request.build_id }}>
                its build
              </Link>
            </>
          )}
        </div>
      </div>
    </li>
  );
}
