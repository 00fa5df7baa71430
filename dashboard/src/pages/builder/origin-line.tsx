import { Link } from "@tanstack/react-router";
import type { BuilderOrigin } from "../../api/types.ts";
import { PlaceLink } from "../../components/place-link.tsx";
import { plural } from "../../format/plural.ts";

/** Of a builder that the file of a repository defines: whose definition is shown, and which branches have it. */
export function OriginLine({ origin }: { origin: BuilderOrigin }) {
  const { source, path, branches, branch_count, shown, last_seen } = origin;
  const others = branch_count - branches.length;
  if (path && branch_count === 0) {
    return (
      <p className="muted">
        Was defined by <code>{path}</code> of{" "}
        <Link to="/sources/$source" params={{ source }}>
          {source}
        </Link>
        ; no branch defines it any more.{" "}
        {last_seen && (
          <>
            Last seen{shown && ", and shown as,"} on <PlaceLink place={last_seen} />.
          </>
        )}
      </p>
    );
  }
  return (
    <p className="muted">
      {path ? (
        <>
          Defined by <code>{path}</code> of{" "}
        </>
      ) : (
        "Was defined by the file of "
      )}
      <Link to="/sources/$source" params={{ source }}>
        {source}
      </Link>
      {shown ? (
        <>
          ; shown as on <PlaceLink place={shown} />
        </>
      ) : (
        path && "; as it is, the configuration doesn't let it be built"
      )}
      {". "}
      {branch_count > 0 ? (
        <>
          On {plural(branch_count, "branch", "branches")}: {branches.join(", ")}
          {others > 0 && ` and ${others.toLocaleString("en")} more`}.
        </>
      ) : (
        <>
          Its repository may define nothing any more
          {last_seen && (
            <>
              ; last seen on <PlaceLink place={last_seen} />
            </>
          )}
          .
        </>
      )}
    </p>
  );
}
