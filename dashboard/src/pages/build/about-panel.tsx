import { Link } from "@tanstack/react-router";
import type { BuildDetail } from "../../api/types.ts";
import { ActorName } from "../../components/person-name.tsx";
import { Revision } from "../../components/revision.tsx";
import { urlOf } from "../../state/urls.ts";
import { FixedDuration, Timestamp } from "../../time/time-elements.tsx";
import { Icon } from "../../ui/icons.tsx";

const VALUE_MAX_CHARS = 400;

/** Where it ran, why, and the place in the ledger that proves it. */
export function AboutPanel({ detail }: { detail: BuildDetail }) {
  const { build, config_revision, rebuild_of, inputs } = detail;
  const inputEntries = Object.entries(inputs);
  return (
    <section className="panel" aria-labelledby="facts">
      <div className="panel-head">
        <h2 id="facts">About</h2>
        <a
          href={urlOf(`api/v1/facts/${build.position}`)}
          title="The stored fact with its hash; its proof is in the API beside it"
        >
          <Icon name="proof" size={13} /> Verify
        </a>
      </div>
      <dl className="facts">
        <dt>Reason</dt>
        <dd>
          {build.reason} <span className="muted">by</span> <ActorName actor={build.requested_by} />
          {rebuild_of && (
            <>
              {", "}
              <Link to="/builds/$build" params={{ build: rebuild_of }}>
                a rebuild
              </Link>
            </>
          )}
        </dd>
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

export function PropertiesPanel({ detail: { properties } }: { detail: BuildDetail }) {
  if (properties.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="properties">
      <div className="panel-head">
        <h2 id="properties">
          Properties<span className="count">{properties.length}</span>
        </h2>
      </div>
      <dl className="facts">
        {properties.map(({ name, value, origin }) => (
          <DetailRow key={name} name={name} value={value} origin={origin} />
        ))}
      </dl>
    </section>
  );
}

function DetailRow({ name, value, origin }: { name: string; value: unknown; origin?: string }) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return (
    <>
      <dt title={origin && `set by ${origin}`}>{name}</dt>
      <dd className="mono" title={text}>
        {text.length > VALUE_MAX_CHARS ? `${text.slice(0, VALUE_MAX_CHARS)}…` : text}
      </dd>
    </>
  );
}
