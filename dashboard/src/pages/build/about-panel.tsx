import { Link } from "@tanstack/react-router";
import type { BuildDetail } from "../../api/types.ts";
import { ActorName } from "../../components/actor-name.tsx";
import { Revision } from "../../components/revision.tsx";
import { urlOf } from "../../state/urls.ts";
import { FixedDuration, Timestamp } from "../../time/time-elements.tsx";
import { Icon } from "../../ui/icons.tsx";
import { DetailRow } from "./detail-row.tsx";

/** Why the build was made and by whom, where it ran, and where it is in the ledger. */
export function AboutPanel({ detail }: { detail: BuildDetail }) {
  const { build, config_revision, rebuild_of, inputs } = detail;
  const inputEntries = Object.entries(inputs);
  return (
    <section className="panel" aria-labelledby="about">
      <div className="panel-head">
        <h2 id="about">About</h2>
        <a href={urlOf(`api/v1/facts/${build.position}`)} title="The stored fact with its hash, as JSON">
          <Icon name="proof" size={13} /> Ledger record (JSON)
        </a>
      </div>
      <dl className="detail-list">
        <dt>Reason</dt>
        <dd>{build.reason}</dd>
        <dt>Requested by</dt>
        <dd>
          <ActorName actor={build.requested_by} />
        </dd>
        {rebuild_of && (
          <>
            <dt>Rebuild of</dt>
            <dd>
              <Link to="/builds/$build" params={{ build: rebuild_of }}>
                the original build
              </Link>
            </dd>
          </>
        )}
        <dt>Worker</dt>
        <dd>{build.worker}</dd>
        {build.stamps.map((stamp) => (
          <SourceRow key={stamp.source} stamp={stamp} />
        ))}
        <dt>Started</dt>
        <dd>
          <Timestamp at={build.assigned_at} />
        </dd>
        {build.finished_at && (
          <>
            <dt>Finished</dt>
            <dd>
              <Timestamp at={build.finished_at} /> <span className="muted">after</span>{" "}
              <FixedDuration duration_ms={Date.parse(build.finished_at) - Date.parse(build.assigned_at)} />
            </dd>
          </>
        )}
        {config_revision !== null && (
          <>
            <dt>Configuration</dt>
            <dd>revision {config_revision}</dd>
          </>
        )}
        <dt>Ledger</dt>
        <dd>position {build.position.toLocaleString("en")}</dd>
        {inputEntries.map(([name, value]) => (
          <DetailRow key={name} name={name} value={value} />
        ))}
      </dl>
    </section>
  );
}

function SourceRow({ stamp }: { stamp: BuildDetail["build"]["stamps"][number] }) {
  const revision = stamp.obtained ?? stamp.revision;
  return (
    <>
      <dt>{stamp.source}</dt>
      <dd>
        {stamp.branch}
        {revision && (
          <>
            {" at "}
            <Revision revision={revision} />
          </>
        )}
      </dd>
    </>
  );
}
