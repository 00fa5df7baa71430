import { Link } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import type { BuildDetail, LockWait, Log, Operation, Step } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { plural } from "../../format/plural.ts";
import { Duration, FixedDuration } from "../../time/time-elements.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Icon } from "../../ui/icons.tsx";
import { isBroken, type Status, statusLabel, statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { GeneratedBuilders } from "./generated-builders.tsx";
import { LogTail } from "./log-tail.tsx";
import { failureText } from "./operation-end.ts";
import "./steps-panel.css";

/** All steps in the order of the configuration, also those that haven't started. Failed and running ones are open. */
export function StepsPanel({ detail }: { detail: BuildDetail }) {
  const { steps, planned_steps, build } = detail;
  const length = Math.max(planned_steps.length, ...steps.map((step) => step.index + 1));
  const rows = Array.from({ length: Math.max(length, 0) }, (_, index) => ({
    index,
    step: steps.find((candidate) => candidate.index === index),
    planned: planned_steps[index] ?? "",
  }));
  return (
    <section className="panel" aria-labelledby="steps">
      <div className="panel-head">
        <h2 id="steps">Steps</h2>
      </div>
      {rows.length === 0 ? (
        <EmptyState title="No steps have started" />
      ) : (
        <ol className="steps">
          {rows.map(({ index, step, planned }) =>
            step ? (
              <StepRow key={index} step={step} />
            ) : (
              <li key={index} className="step-head">
                <StatusIcon status={build.status === "finished" ? "unknown" : "pending"} />
                <span className="muted">{planned}</span>
                <span className="muted step-note">{build.status === "finished" ? "not run" : "waiting"}</span>
              </li>
            ),
          )}
        </ol>
      )}
    </section>
  );
}

function StepRow({ step }: { step: Step }) {
  const status = step.waiting ? "pending" : statusOf(step.result, true);
  const isNotable =
    isBroken(status) ||
    status === "running" ||
    step.waiting !== null ||
    step.generated !== null ||
    status === "warnings";
  const [openedByUser, setOpenedByUser] = useState<boolean>();
  const isOpen = openedByUser ?? isNotable;
  return (
    <li data-open={isOpen || undefined}>
      <h3>
        <button
          type="button"
          className="step-head"
          aria-expanded={isOpen}
          onClick={() => setOpenedByUser(!isOpen)}
        >
          <StatusIcon status={status} label={true} />
          <span className="step-name">{step.name}</span>
          <span className="muted clip step-note">
            {step.waiting?.text ??
              (step.summary || (status === "running" ? "" : statusLabel(status).toLowerCase()))}
          </span>
          <span className="number">
            <Duration from={step.started_at} to={step.finished_at} />
          </span>
          <Icon name={isOpen ? "up" : "down"} size={12} />
        </button>
      </h3>
      {isOpen && <StepBody step={step} status={status} />}
    </li>
  );
}

function StepBody({ step, status }: { step: Step; status: Status }) {
  const logsWithOutput = step.operations
    .flatMap((operation) => operation.logs)
    .filter((log) => log.line_count !== 0);
  const last = logsWithOutput.at(-1);
  return (
    <div className="step-body">
      {step.locks_taken_at && waitedLong(step.started_at, step.locks_taken_at) && (
        <p className="muted step-empty">
          Waited <Duration from={step.started_at} to={step.locks_taken_at} /> for{" "}
          {plural(Object.keys(step.locks).length, "lock")}: {Object.keys(step.locks).join(", ")}
        </p>
      )}
      {step.waiting ? (
        <LockHolders wait={step.waiting} />
      ) : step.operations.length === 0 ? (
        <p className="muted step-empty">
          {status === "running" ? "Starting…" : "This step ran nothing on the worker."}
        </p>
      ) : (
        <ul>
          {step.operations.map((operation) => (
            <OperationRow key={operation.id} operation={operation} />
          ))}
        </ul>
      )}
      {step.generated && <GeneratedBuilders generated={step.generated} />}
      {last && <LogTail log={last} isGrowing={status === "running"} />}
    </div>
  );
}

const NOTABLE_WAIT_ms = 1_000;

/** Whether a step had to wait for its locks; that they are given takes a moment even if they are free. */
const waitedLong = (started_at: string, taken_at: string) =>
  Date.parse(taken_at) - Date.parse(started_at) >= NOTABLE_WAIT_ms;

/** The builds that have the lock that a step waits for. */
function LockHolders({ wait }: { wait: LockWait }) {
  return (
    <p className="muted step-empty">
      {wait.held_by.length === 0 ? `Lock ${wait.lock} is kept for others.` : `Lock ${wait.lock} is held by `}
      {wait.held_by.map(({ build_id, builder, number }, index) => (
        <Fragment key={build_id}>
          {index > 0 && ", "}
          <BuildLink build={{ id: build_id, builder, number }} />
        </Fragment>
      ))}
    </p>
  );
}

function OperationRow({ operation }: { operation: Operation }) {
  const { label, command, duration_seconds, status, logs } = operation;
  // Without a label of its own, an operation is labelled with the beginning of its command.
  const isLabelFromCommand = command.replaceAll(/['"]/g, "").startsWith(label.replaceAll(/['"]|…$/g, ""));
  const failure = failureText(operation);
  return (
    <li className="operation">
      {!isLabelFromCommand && <span>{label}</span>}
      {command && (
        <code className="clip operation-command" title={command}>
          {command}
        </code>
      )}
      {failure && <span className="operation-failure">{failure}</span>}
      {status === "requested" && <span className="muted">waiting for the worker</span>}
      <span className="operation-logs">
        {logs.map((log) => (
          <LogLink key={log.id} log={log} isOnly={logs.length === 1} />
        ))}
      </span>
      {duration_seconds !== null && (
        <span className="muted number">
          <FixedDuration duration_ms={duration_seconds * 1_000} />
        </span>
      )}
    </li>
  );
}

function LogLink({ log, isOnly }: { log: Log; isOnly: boolean }) {
  const lines = log.line_count === null ? "" : ` ${plural(log.line_count, "line")}`;
  return (
    <Link to="/logs/$log" params={{ log: log.id }} className="nowrap">
      <Icon name="lines" size={12} /> {isOnly ? "log" : log.channel}
      <span className="muted">{lines}</span>
    </Link>
  );
}
