import { Link } from "@tanstack/react-router";
import type { Change } from "../api/types.ts";
import { CommitSubject } from "./commit-subject.tsx";

/** A commit's subject, as a link to the page that says whether it was built. */
export function ChangeLink({ change }: { change: Pick<Change, "id" | "subject" | "altered"> }) {
  return (
    <Link to="/changes/$change" params={{ change: change.id }}>
      <CommitSubject commit={change} />
    </Link>
  );
}
