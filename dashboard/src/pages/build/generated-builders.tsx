import { Link } from "@tanstack/react-router";
import type { Step } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";

type Generated = NonNullable<Step["generated"]>;

/** The builders that a step has generated, each with its build; or what is wrong with what it has written. */
export function GeneratedBuilders({ generated: { builders, problems } }: { generated: Generated }) {
  return (
    <>
      {problems.length > 0 && (
        <ul className="generated-problems">
          {problems.map((problem, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the list never changes
            <li key={index} className={problem.severity === "error" ? "operation-failure" : "muted"}>
              {problem.text}
            </li>
          ))}
        </ul>
      )}
      {builders.length > 0 && (
        <ul className="generated-builders" aria-label="Generated builders">
          {builders.map(({ builder, request, build }) => (
            <li key={builder}>
              {build ? (
                <>
                  <StatusIcon status={statusOf(build.result, true)} /> <BuildLink build={build} />
                </>
              ) : (
                <>
                  <Link to="/builders/$builder" params={{ builder }}>
                    {builder}
                  </Link>{" "}
                  <span className="muted">
                    {request ? "waiting for a worker" : "not built: its when does not hold"}
                  </span>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
