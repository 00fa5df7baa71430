import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, dataOrThrow } from "../../api/client.ts";
import { logQuery } from "../../api/queries.ts";
import type { Log } from "../../api/types.ts";
import { LineText } from "../../log/line-text.tsx";
import { parseLines } from "../../log/parsed-line.ts";
import "../../log/log-lines.css";

const TAIL_LINES = 14;

/** The last lines of a log, updated while it grows. */
export function LogTail({ log, isGrowing }: { log: Log; isGrowing: boolean }) {
  const detail = useQuery({ ...logQuery(log.id), enabled: isGrowing || log.line_count === null });
  const lines = detail.data?.extent.line_count ?? log.line_count ?? 0;
  const size_bytes = detail.data?.extent.size_bytes ?? log.size_bytes ?? 0;
  const first = Math.max(0, lines - TAIL_LINES);
  const tail = useQuery({
    queryKey: ["log-tail", log.id, lines, size_bytes],
    queryFn: async ({ signal }) => {
      const path = { log_id: log.id };
      const body = await dataOrThrow(
        api.GET("/api/v1/logs/{log_id}/lines", {
          params: { path, query: { first, limit: TAIL_LINES } },
          signal,
        }),
      );
      return { first: body.first, lines: parseLines(body.items) };
    },
    enabled: lines > 0,
    placeholderData: keepPreviousData,
    gcTime: 10_000,
  });
  if (!tail.data) return null;
  return (
    <figure className="log-tail">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways has to be reachable by keyboard */}
      <section className="log-tail-lines" aria-label="Last lines" tabIndex={0}>
        {tail.data.lines.map((line, index) => {
          const number = (tail.data?.first ?? 0) + index + 1;
          return (
            <div className="log-row" key={number}>
              <Link
                to="/logs/$log"
                params={{ log: log.id }}
                hash={`L${number}`}
                className="log-number"
                tabIndex={-1}
                aria-label={`Line ${number}`}
              >
                {number}
              </Link>
              <span className="log-text">
                <LineText segments={line.segments} matches={[]} />
              </span>
            </div>
          );
        })}
      </section>
    </figure>
  );
}
