import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Builder } from "../../api/types.ts";
import { BuildLink } from "../../components/build-link.tsx";
import { TimeAgo, TimeSince } from "../../time/time-elements.tsx";
import { type Status, statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { counted, type Entry, worst } from "./grouping.ts";

/** How many cells of a matrix are shown at first, and how many more by each press. */
const CELLS_SHOWN = 100;

const STATUSES: Record<Builder["status"], { icon: Status; label: string }> = {
  passing: { icon: "success", label: "passing" },
  broken: { icon: "failure", label: "broken" },
  unclear: { icon: "skipped", label: "unknown result" },
  never_built: { icon: "unknown", label: "not built yet" },
};
const LABELS = Object.fromEntries(
  Object.entries(STATUSES).map(([status, { label }]) => [status, label]),
) as Record<Builder["status"], string>;

/** The cells of a matrix in one row, which a press unfolds. */
export function MatrixRows({
  entry: { name, builders },
  isOpen: isOpenAtFirst,
}: {
  entry: Entry;
  isOpen: boolean;
}) {
  const [opened, setOpened] = useState<boolean>();
  const [shown, setShown] = useState(CELLS_SHOWN);
  const isOpen = opened ?? isOpenAtFirst;
  const left = builders.length - shown;
  const running = builders.reduce((sum, builder) => sum + builder.running.length, 0);
  return (
    <>
      <tr>
        <td className="wide builders-name">
          <StatusIcon status={STATUSES[worst(builders)].icon} label={counted(builders, LABELS)} />{" "}
          <button
            type="button"
            className="link-button"
            aria-expanded={isOpen}
            onClick={() => setOpened(!isOpen)}
          >
            {name} <span className="muted">{builders.length.toLocaleString("en")} cells</span>
          </button>
        </td>
        <td className="builders-status muted nowrap">{counted(builders, LABELS)}</td>
        <td className="nowrap builders-last">
          {running > 0 && (
            <>
              <StatusIcon status="running" label={true} size={14} /> {running.toLocaleString("en")} running
            </>
          )}
        </td>
        <td className="builders-finished" />
        <td className="number muted hidden-on-phones">
          {builders.reduce((sum, builder) => sum + builder.build_count, 0).toLocaleString("en")}
        </td>
      </tr>
      {isOpen &&
        builders.slice(0, shown).map((builder) => <BuilderRow key={builder.name} builder={builder} isCell />)}
      {isOpen && left > 0 && (
        <tr>
          <td className="wide builders-cell" colSpan={5}>
            <span className="muted">
              Showing {shown.toLocaleString("en")} of {builders.length.toLocaleString("en")} cells of {name}.
            </span>{" "}
            <button type="button" className="button" onClick={() => setShown(shown + CELLS_SHOWN)}>
              Show {Math.min(CELLS_SHOWN, left)} more
            </button>
          </td>
        </tr>
      )}
    </>
  );
}

/** A builder, or a cell of a matrix. */
export function BuilderRow({ builder, isCell = false }: { builder: Builder; isCell?: boolean }) {
  const { last_build: last, running, broken } = builder;
  const status = STATUSES[builder.status];
  return (
    <tr>
      <td className={isCell ? "wide builders-name builders-cell" : "wide builders-name"}>
        <StatusIcon status={status.icon} label={status.label} />{" "}
        <Link to="/builders/$builder" params={{ builder: builder.name }}>
          {builder.name}
        </Link>{" "}
        {builder.tags.map((tag) => (
          <span className="tag" key={tag}>
            {tag}
          </span>
        ))}
        {builder.protected && <span className="tag">protected</span>}
        {!builder.configured && <span className="tag">no longer configured</span>}
      </td>
      <td className="builders-status muted nowrap">
        {broken ? (
          <>
            broken for <TimeSince at={broken.since_at} />
          </>
        ) : (
          status.label
        )}
      </td>
      <td className="nowrap builders-last">
        {last && (
          <>
            <StatusIcon status={statusOf(last.result, true)} label={true} size={14} />{" "}
            <BuildLink build={last} isShort />
          </>
        )}
        {running.map((build) => (
          <span className="builders-running" key={build.id}>
            <StatusIcon status="running" label={true} size={14} /> <BuildLink build={build} isShort />
          </span>
        ))}
      </td>
      <td className="number muted builders-finished">
        {last?.finished_at && <TimeAgo at={last.finished_at} />}
      </td>
      <td className="number muted hidden-on-phones">{builder.build_count}</td>
    </tr>
  );
}
