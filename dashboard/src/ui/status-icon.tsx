import type { ReactNode } from "react";
import { type Status, statusLabel } from "./status.ts";
import "./status.css";

/** One shape per status, so that no status is told by colour alone. */
const SHAPES: Record<Status, ReactNode> = {
  success: (
    <>
      <circle className="fill" cx="8" cy="8" r="7" />
      <path className="cut" d="m4.7 8.3 2.3 2.3 4.3-4.9" />
    </>
  ),
  warnings: (
    <>
      <path className="fill" d="M8 1.2 15.3 14.2H.7Z" strokeLinejoin="round" />
      <path className="cut" d="M8 6v3.8M8 11.9v.1" />
    </>
  ),
  failure: (
    <>
      <rect className="fill" x="1" y="1" width="14" height="14" rx="2.5" />
      <path className="cut" d="m5 5 6 6m0-6-6 6" />
    </>
  ),
  exception: (
    <>
      <path className="fill" d="M8 .4 15.6 8 8 15.6.4 8Z" strokeLinejoin="round" />
      <path className="cut" d="M8 4.4v4.2M8 11.2v.1" />
    </>
  ),
  retry: (
    <>
      <path className="line" d="M13.2 8A5.2 5.2 0 1 1 11.4 4" />
      <path className="line" d="M11.7 1.2v3.1H8.6" />
    </>
  ),
  skipped: (
    <>
      <path className="line" d="m3 3.5 5 4.5-5 4.5M8.2 3.5l5 4.5-5 4.5" />
    </>
  ),
  cancelled: (
    <>
      <circle className="line" cx="8" cy="8" r="6" />
      <path className="line" d="m3.9 12.1 8.2-8.2" />
    </>
  ),
  running: (
    <>
      <circle className="line faint" cx="8" cy="8" r="6" />
      <path className="line turning" d="M8 2a6 6 0 0 1 6 6" />
      <circle className="fill" cx="8" cy="8" r="2.2" />
    </>
  ),
  pending: (
    <>
      <circle className="line dashed" cx="8" cy="8" r="6" />
      <path className="line" d="M8 5v3.3l2 1.4" />
    </>
  ),
  unknown: <circle className="line dashed" cx="8" cy="8" r="6" />,
};

/** The status as an icon. `label={true}` names it for screen readers; without a label it is decoration beside a text. */
export function StatusIcon({
  status,
  label,
  size = 16,
}: {
  status: Status;
  label?: string | true;
  size?: number;
}) {
  const name = label === true ? statusLabel(status) : label;
  const shape = SHAPES[status];
  return name ? (
    <svg
      className={`status-icon is-${status}`}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      role="img"
      aria-label={name}
    >
      <title>{name}</title>
      {shape}
    </svg>
  ) : (
    <svg
      className={`status-icon is-${status}`}
      width={size}
      height={size}
      viewBox="0 0 16 16"
      aria-hidden="true"
    >
      {shape}
    </svg>
  );
}

/** The status as an icon with its label. */
export function StatusBadge({ status, label }: { status: Status; label?: string }) {
  return (
    <span className={`status-badge is-${status}`}>
      <StatusIcon status={status} />
      {label ?? statusLabel(status)}
    </span>
  );
}
