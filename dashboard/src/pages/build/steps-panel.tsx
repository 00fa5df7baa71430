import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { BuildDetail, Log, Operation, Step } from "../../api/types.ts";
import { Duration, FixedDuration } from "../../time/time-elements.tsx";
import { Icon } from "../../ui/icons.tsx";
import { EmptyState } from "../../ui/query-boundary.tsx";
import { isBroken, type Status, statusLabel, statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { LogTail } from "./log-tail.tsx";
import "./steps-panel.css";

/** The steps in the order of the configuration, those that haven't begun included. What failed or runs is open. */
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
        <EmptyState title="No step has begun" />
      ) : (
        <ol className="steps">
          {rows.map(({ index, step, planned }) =>
            step ? (
              <StepRow key={index} step={step} />
            ) : (
              <li key={index} className="step-head is-still">
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
  const status = statusOf(step.result, true);
  const isNotable = isBroken(status) || status === "running" || status === "warnings";
  const [openedByUser, setOpenedByUser] = useState<boolean>();
  const isOpen = openedByUser ?? isNotable;
  return (
    <li className="step" data-open={isOpen || undefined}>
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
            {step.summary || (status === "running" ? "" : statusLabel(status).toLowerCase())}
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
      {step.operations.length === 0 ? (
        <p className="muted step-empty">
          {status === "running" ? "Getting ready" : "Nothing had to be done on the worker."}
        </p>
      ) : (
        <ul>
          {step.operations.map((operation) => (
            <OperationRow key={operation.id} operation={operation} />
          ))}
        </ul>
      )}
      {last && <LogTail log={last} isGrowing={status === "running"} />}
    </div>
  );
}

function OperationRow({ operation }: { operation: Operation }) {
  const { label, command, ended, exit_code, signal, detail, duration_seconds, status, logs } = operation;
  // Where nobody gave a label it is the beginning of the command.
  const isLabelFromCommand = command.replaceAll(/['"]/g, "").startsWith(label.replaceAll(/['"]|…$/g, ""));
  const isSuccess = ended === "exited" && (exit_code ?? 0) === 0;
  return (
    <li className="operation">
      {!isLabelFromCommand && <span className="operation-label">{label}</span>}
      {command && (
        <code className="clip operation-command" title={command}>
          {command}
        </code>
      )}
      {status === "finished" && !isSuccess && (
        <span className="operation-end">
          {ended === "exited"
            ? `exit code ${exit_code}`
            : signal
              ? `signal ${signal}`
              : ended?.replaceAll("_", " ")}
          {detail && `: ${detail}`}
        </span>
      )}
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
  const lines = log.line_count === null ? "" : ` ${log.line_count.toLocaleString("en")} lines`;
  return (
    <Link to="/logs/$log" params={{ log: log.id }} className="nowrap">
      <Icon name="lines" size={12} /> {isOnly ? "log" : log.channel}
      <span className="muted">{lines}</span>
    </Link>
  );
}
