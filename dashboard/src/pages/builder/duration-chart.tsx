import { Link } from "@tanstack/react-router";
import type { Build } from "../../api/types.ts";
import { formatDuration } from "../../format/time.ts";
import { statusLabel, statusOf } from "../../ui/status.ts";
import { StatusIcon } from "../../ui/status-icon.tsx";
import { buildDuration } from "./build-duration.ts";

const SHOWN_MAX = 30;
const BAR_MIN_PERCENT = 12;

/** The last builds as bars, oldest on the left: the height is the duration, the icon the status. */
export function DurationChart({ builds }: { builds: readonly Build[] }) {
  const shown = builds.slice(0, SHOWN_MAX);
  const longest_ms = Math.max(1, ...shown.map(buildDuration));
  return (
    <ol className="duration-chart" aria-label="Last builds, newest first">
      {shown.map((build) => {
        const status = statusOf(build.result, true);
        const durationText = build.finished_at ? `, ${formatDuration(buildDuration(build))}` : "";
        return (
          <li key={build.id}>
            <Link
              to="/builds/$build"
              params={{ build: build.id }}
              className={`duration-chart-build is-${status}`}
              title={`#${build.number} ${statusLabel(status)}${durationText}`}
              aria-label={`#${build.number} ${statusLabel(status)}${durationText}`}
            >
              <span className="duration-chart-column">
                <span
                  className="duration-chart-bar"
                  style={{
                    height: `${BAR_MIN_PERCENT + (100 - BAR_MIN_PERCENT) * (buildDuration(build) / longest_ms)}%`,
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
