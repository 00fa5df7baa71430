import type { SourceStamp } from "../api/types.ts";
import { Icon } from "../ui/icons.tsx";
import { Revision } from "./revision.tsx";
import "./source-stamps.css";

/** The branch and revision of each source; with the source's name where there are several. */
export function SourceStamps({ stamps }: { stamps: readonly SourceStamp[] }) {
  if (stamps.length === 0) return null;
  return (
    <span className="source-stamps">
      {stamps.map((stamp) => {
        const revision = stamp.obtained ?? stamp.revision;
        return (
          <span className="source-stamp" key={stamp.source}>
            {stamps.length > 1 && <span className="muted">{stamp.source} </span>}
            <Icon name="branch" size={12} /> {stamp.branch}
            {revision && (
              <>
                {" "}
                <Revision revision={revision} />
              </>
            )}
          </span>
        );
      })}
    </span>
  );
}
