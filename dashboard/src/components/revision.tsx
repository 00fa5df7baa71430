import type { SourceStamp } from "../api/types.ts";
import { Icon } from "../ui/icons.tsx";

const SHORT_CHARS = 10;

/** The beginning of a revision, the whole in the tooltip; a link when the source told an address. */
export function Revision({ revision, link }: { revision: string; link?: string | null }) {
  const short = <code title={revision}>{revision.slice(0, SHORT_CHARS)}</code>;
  return link && /^https?:\/\//i.test(link) ? (
    <a href={link} target="_blank" rel="noreferrer noopener">
      {short}
    </a>
  ) : (
    short
  );
}

/** What of a source was built: its branch and revision; the source's name where there are several. */
export function SourceStamps({ stamps }: { stamps: readonly SourceStamp[] }) {
  if (stamps.length === 0) {
    return null;
  }
  return (
    <span className="stamps">
      {stamps.map((stamp) => {
        const revision = stamp.obtained ?? stamp.revision;
        return (
          <span className="stamp" key={stamp.source}>
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
