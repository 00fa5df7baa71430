import { useQuery } from "@tanstack/react-query";
import { serversQuery } from "../../api/queries.ts";
import type { ServerEntry } from "../../api/types.ts";
import { TimeAgo, TimeSince } from "../../time/time-elements.tsx";
import { StatusIcon } from "../../ui/status-icon.tsx";

/** The servers of this installation, which of them leads what, and which died; nothing where one server is alone. */
export function ServersPanel() {
  const { data } = useQuery(serversQuery);
  if (!data || data.items.length < 2) return null;
  return (
    <section className="panel" aria-labelledby="servers">
      <div className="panel-head">
        <h2 id="servers">Servers</h2>
      </div>
      <ul className="server-list">
        {data.items.map((server) => (
          <ServerLine key={server.id} server={server} />
        ))}
      </ul>
    </section>
  );
}

function ServerLine({ server }: { server: ServerEntry }) {
  return (
    <li>
      <StatusIcon status={server.alive ? "success" : "exception"} /> {server.host}
      {server.answered && " (this one)"}: <ServerState server={server} />
    </li>
  );
}

function ServerState({ server }: { server: ServerEntry }) {
  if (server.lost_at) {
    return (
      <>
        died <TimeAgo at={server.lost_at} />
      </>
    );
  }
  if (!server.alive) return "gives no sign of life";
  return (
    <>
      serves{server.since && " for "}
      {server.since && <TimeSince at={server.since} />}
      {server.leads.length > 0 ? `, leads ${server.leads.join(", ")}` : ", leads nothing"}
      {server.leads_since && " for "}
      {server.leads_since && <TimeSince at={server.leads_since} />}
    </>
  );
}
