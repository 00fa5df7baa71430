import type { BuildDetail } from "../../api/types.ts";
import { DetailRow } from "./detail-row.tsx";

/** The properties that steps have set. Nothing when there are none. */
export function PropertiesPanel({ detail: { properties } }: { detail: BuildDetail }) {
  if (properties.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="properties">
      <div className="panel-head">
        <h2 id="properties">
          Properties<span className="count">{properties.length}</span>
        </h2>
      </div>
      <dl className="detail-list">
        {properties.map(({ name, value, origin }) => (
          <DetailRow key={name} name={name} value={value} origin={origin} />
        ))}
      </dl>
    </section>
  );
}
