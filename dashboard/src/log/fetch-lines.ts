import { api, dataOrThrow } from "../api/client.ts";

const RESPONSE_LINES_MAX = 10_000;

/** Fetches `count` lines from `first` (from 0), fewer at the log's end, in several requests when one response is cut short. */
export async function fetchLines(
  log: string,
  first: number,
  count: number,
  signal?: AbortSignal,
): Promise<string[]> {
  const lines: string[] = [];
  while (lines.length < count) {
    const body = await dataOrThrow(
      api.GET("/api/v1/logs/{log_id}/lines", {
        params: {
          path: { log_id: log },
          query: { first: first + lines.length, limit: Math.min(count - lines.length, RESPONSE_LINES_MAX) },
        },
        signal,
      }),
    );
    lines.push(...body.items);
    const isEnd = first + lines.length >= body.extent.line_count;
    if (body.items.length === 0 || isEnd) return lines;
  }
  return lines;
}
