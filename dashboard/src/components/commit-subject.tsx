import type { Change } from "../api/types.ts";

/** A commit's subject, or why there is none to be shown. */
export function CommitSubject({ commit }: { commit: Pick<Change, "subject" | "altered"> }) {
  if (commit.altered) return <span className="muted">message altered</span>;
  if (commit.subject === null) return <span className="muted">message erased</span>;
  return <span>{commit.subject || <span className="muted">no message</span>}</span>;
}
