import { Link } from "@tanstack/react-router";
import type { Build } from "../../api/types.ts";
import { formatDuration } from "../../format/time.ts";
import { statusLabel, statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";

const SHOWN_MAX = 30;
const BAR_MIN_PERCENT = 12;

/** The last builds from left (oldest) to right, each a bar as high as it took and a shape that says how it ended. */
export function DurationChart({ builds }: { builds: readonly Build[] }) {
  const shown = builds.slice(0, SHOWN_MAX);
  const longest_ms = Math.max(1, ...shown.map(durationOf));
  return (
    <ol className="strip" aria-label="Last builds, the newest first">
      {shown.map((build) => {
        const status = statusOf(build.result, true);
        const durationText = build.finished_at ? `, ${formatDuration(durationOf(build))}` : "";
        return (
          <li key={build.id}>
            <Link
              to="/builds/$build"
              params={{ build: build.id }}
              className={`strip-build is-${status}`}
              title={`#${build.number} ${statusLabel(status)}${durationText}`}
              aria-label={`#${build.number} ${statusLabel(status)}${durationText}`}
            >
              <span className="strip-space">
                <span
                  className="strip-bar"
                  style={{
                    height: `${BAR_MIN_PERCENT + (100 - BAR_MIN_PERCENT) * (durationOf(build) / longest_ms)}%`,
                  }}
                />
              </span>
              <StatusIcon status={status} size={12} />
            </Link>
          </li>
        );
      })}
    </ol>
  );
}

function durationOf({ assigned_at, finished_at }: Build): number {
  return finished_at ? Date.parse(finished_at) - Date.parse(assigned_at) : 0;
}
