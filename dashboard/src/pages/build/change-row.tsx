import type { Change } from "../../api/types.ts";
import { ChangeLink } from "../../components/change-link.tsx";
import { PersonName } from "../../components/person-name.tsx";
import { Revision } from "../../components/revision.tsx";
import { plural } from "../../format/plural.ts";
import { TimeAgo } from "../../time/time-elements.tsx";

/** One commit: message, authors, revision, number of files. */
export function ChangeRow({ change }: { change: Change }) {
  return (
    <li className="change-row">
      <div className="change-subject">
        <ChangeLink change={change} />
      </div>
      <div className="change-details muted">
        <PersonName person={change.author} />
        {change.co_authors.map((person) => (
          <span key={person.claim_id}>
            with <PersonName person={person} />
          </span>
        ))}
        <Revision revision={change.revision} link={change.link} />
        <span className="nowrap">{plural(change.file_count, "file")}</span>
        <TimeAgo at={change.committed_at} />
      </div>
    </li>
  );
}
