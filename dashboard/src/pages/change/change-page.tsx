import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { changeQuery } from "../../api/queries.ts";
import type { ChangeDetail } from "../../api/types.ts";
import { CommitSubject } from "../../components/commit-subject.tsx";
import { PersonName } from "../../components/person-name.tsx";
import { Revision } from "../../components/revision.tsx";
import { plural } from "../../format/plural.ts";
import { useAsOf } from "../../state/as-of.ts";
import { Timestamp } from "../../time/time-elements.tsx";
import { Icon } from "../../ui/icons.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { useTabStatus } from "../../ui/tab-status.ts";
import { AnswersPanel } from "./answers-panel.tsx";
import "./change-page.css";

const route = getRouteApi("/changes/$change");

/** One commit: what it is, and for each trigger and builder whether it was built, and if not, why. */
export function ChangePage() {
  const { change } = route.useParams();
  const query = useQuery(changeQuery(useAsOf(), change));
  return (
    <div className="page">
      <QueryBoundary query={query} title="Change">
        {(detail) => <ChangeDetails detail={detail} />}
      </QueryBoundary>
    </div>
  );
}

function ChangeDetails({ detail }: { detail: ChangeDetail }) {
  const { change, files } = detail;
  useTabStatus(change.subject || "Change");
  return (
    <>
      <header>
        <nav className="breadcrumbs" aria-label="Breadcrumb">
          <Link to="/changes">Changes</Link>
        </nav>
        <h1 className="change-title">
          <CommitSubject commit={change} />
        </h1>
        <div className="change-line muted">
          <PersonName person={change.author} />
          {change.co_authors.map((person) => (
            <span key={person.claim_id}>
              with <PersonName person={person} />
            </span>
          ))}
          <span>
            {change.source} <Icon name="branch" size={12} /> {change.branch}
          </span>
          <Revision revision={change.revision} link={change.link} />
          <span>
            recorded <Timestamp at={change.recorded_at} />
          </span>
        </div>
      </header>
      <AnswersPanel change={change} />
      <section className="panel" aria-labelledby="files">
        <div className="panel-head">
          <h2 id="files">
            Files<span className="count">{change.file_count.toLocaleString("en")}</span>
          </h2>
        </div>
        {files.length === 0 ? (
          <p className="panel-note">
            {change.file_count === 0 ? "It touched no file." : "Which files it touched isn't stored."}
          </p>
        ) : (
          <ul className="change-files">
            {files.map((file) => (
              <li key={file.path}>
                <span className="muted">{file.kind}</span> <code>{file.path}</code>
              </li>
            ))}
          </ul>
        )}
        {files.length > 0 && change.file_count > files.length && (
          <p className="panel-note">
            and {plural(change.file_count - files.length, "more file")}, not stored
          </p>
        )}
      </section>
    </>
  );
}
