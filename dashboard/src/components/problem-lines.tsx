import type { RevisionPipeline } from "../api/types.ts";

/** All that is wrong with the file of a repository, each with its place. */
export function ProblemLines({ problems }: { problems: RevisionPipeline["problems"] }) {
  return problems.map((problem) => (
    <div key={`${problem.line}:${problem.column}:${problem.text}`}>
      <code>{problem.text}</code>
    </div>
  ));
}
