import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { definitionQuery } from "../../api/queries.ts";
import type { BuilderDetail } from "../../api/types.ts";
import { useAsOf } from "../../state/as-of.ts";
import { QueryBoundary } from "../../ui/query-boundary.tsx";

/** What asks for builds of the builder, and all its settings and steps as the configuration in force has them. */
export function DefinitionPanel({ detail }: { detail: BuilderDetail }) {
  const { builder, triggers } = detail;
  const [isOpen, setOpen] = useState(false);
  return (
    <section className="panel builder-definition" aria-labelledby="definition">
      <div className="panel-head">
        <h2 id="definition">Definition</h2>
      </div>
      <p>
        Built by{" "}
        {triggers.length === 0
          ? "no trigger: by hand only"
          : triggers.map(({ name, on }) => `${name} (${on})`).join(", ")}
      </p>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>All settings and steps</summary>
        {isOpen && <DefinitionText builder={builder.name} />}
      </details>
    </section>
  );
}

function DefinitionText({ builder }: { builder: string }) {
  const query = useQuery(definitionQuery(useAsOf(), builder));
  return <QueryBoundary query={query}>{({ text }) => <pre>{text}</pre>}</QueryBoundary>;
}
