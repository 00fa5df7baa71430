import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { changeAnswersQuery } from "../../api/queries.ts";
import type { Change, RevisionPipeline, TriggerAnswer } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { outcomeStatus } from "../../components/pipeline-outcomes.ts";
import { ProblemLines } from "../../components/problem-lines.tsx";
import { useAsOf } from "../../state/as-of.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { QueryBoundary } from "../../ui/query-boundary.tsx";
import { type Status, statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";

/** Why a change was built, or not: a line for each trigger that it may come to and each builder. */
export function AnswersPanel({ change }: { change: Change }) {
  const query = useQuery(changeAnswersQuery(useAsOf(), change.id));
  return (
    <section className="panel" aria-labelledby="answers">
      <div className="panel-head">
        <h2 id="answers">Was it built?</h2>
        {query.data && query.data.config_revision !== null && (
          <span className="muted">
            by the configuration of that time, revision {query.data.config_revision}
          </span>
        )}
      </div>
      <QueryBoundary query={query}>
        {({ answers, config_revision, pipeline }) => (
          <>
            {pipeline && <PipelineOutcome pipeline={pipeline} source={change.source} />}
            {answers.length > 0 ? (
              <ul>
                {answers.map((answer) => (
                  <AnswerRow key={`${answer.trigger}\n${answer.builder}\n${answer.branch}`} answer={answer} />
                ))}
              </ul>
            ) : config_revision === null ? (
              <EmptyState title="Nobody can say">
                No configuration that this server can read was in force when the change was recorded.
              </EmptyState>
            ) : pipeline ? null : (
              <EmptyState title="Nothing builds it">No trigger watches {change.source}.</EmptyState>
            )}
          </>
        )}
      </QueryBoundary>
    </section>
  );
}

/** What came of the repository's own file at this revision; all that is wrong with it, with its places. */
function PipelineOutcome({ pipeline, source }: { pipeline: RevisionPipeline; source: string }) {
  return (
    <div className="row answer">
      <StatusIcon status={outcomeStatus(pipeline.outcome)} />
      <div className="answer-body">
        <div>
          {pipeline.text}
          {" · "}
          <Link to="/sources/$source" params={{ source }}>
            all branches
          </Link>
        </div>
        <ProblemLines problems={pipeline.problems} />
      </div>
    </div>
  );
}

function AnswerRow({ answer }: { answer: TriggerAnswer }) {
  const built = answer.upstream.flatMap(({ build_id, number, builder, result }) =>
    build_id === null || number === null ? [] : [{ id: build_id, number, builder, result }],
  );
  return (
    <li className="row answer">
      <StatusIcon status={answerStatus(answer)} />
      <div className="answer-body">
        <Link to="/builders/$builder" params={{ builder: answer.builder }} className="answer-builder">
          {answer.builder}
        </Link>{" "}
        <span className="muted">
          on {answer.branch}, by the trigger {answer.trigger}
        </span>
        <div>
          {answer.text}
          {answer.build_id && (
            <>
              {" · "}
              <Link to="/builds/$build" params={{ build: answer.build_id }}>
                its build
              </Link>
            </>
          )}
          {answer.status === "waiting" && (
            <>
              {" · "}
              <Link to="/queue">the queue</Link>
            </>
          )}
          {built.map((build) => (
            <span key={build.id}>
              {" · "}
              <BuildLink build={build} />
            </span>
          ))}
        </div>
      </div>
    </li>
  );
}

const STATUS_BY_CODE: Partial<Record<TriggerAnswer["code"], Status>> = {
  settling: "pending",
  upstream_awaited: "pending",
};

function answerStatus({ code, status, result }: TriggerAnswer): Status {
  return code === "requested" ? statusOf(result, status === "claimed") : (STATUS_BY_CODE[code] ?? "skipped");
}
