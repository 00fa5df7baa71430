import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { sourcesQuery } from "../../api/queries.ts";
import { useAsOf } from "../../state/as-of.ts";

/** The repositories whose own files say what is built of them; nothing where there are none. */
export function RepositoriesPanel() {
  const { data } = useQuery(sourcesQuery(useAsOf()));
  const defining = data?.items.filter(({ pipeline_path }) => pipeline_path !== null) ?? [];
  if (defining.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="repositories">
      <div className="panel-head">
        <h2 id="repositories">Repositories that define builders themselves</h2>
      </div>
      <ul>
        {defining.map(({ name, pipeline_path, url }) => (
          <li className="row" key={name}>
            <Link to="/sources/$source" params={{ source: name }}>
              {name}
            </Link>
            <span className="muted repository">
              <code>{pipeline_path}</code> of {url}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
