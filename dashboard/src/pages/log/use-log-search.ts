import { useEffect, useState } from "react";
import { api, dataOrThrow } from "../../api/client.ts";
import { toProblem } from "../../api/problem.ts";
import { appendPage, NOT_SEARCHED, type SearchHits, stepFrom } from "./search-hits.ts";

/** Searches the whole log on the server, page by page; `onHit` is called with the line (from 1) of the current hit. */
export function useLogSearch(log: string, query: string, onHit: (line: number | undefined) => void) {
  const [hits, setHits] = useState<SearchHits>(NOT_SEARCHED);
  const [current, setCurrent] = useState(-1);
  const [problem, setProblem] = useState("");

  const showHit = (next: SearchHits, index: number) => {
    setHits(next);
    setCurrent(index);
    const hit = next.hits[index];
    onHit(hit && hit.line + 1);
  };

  useEffect(() => {
    setProblem("");
    setHits(NOT_SEARCHED);
    setCurrent(-1);
    onHit(undefined);
    if (!query) return;
    const controller = new AbortController();
    searchLog(log, query, undefined, controller.signal).then(
      (page) => {
        setHits(page);
        setCurrent(page.hits.length > 0 ? 0 : -1);
        onHit(page.hits[0] && page.hits[0].line + 1);
      },
      (thrown) => controller.signal.aborted || setProblem(toProblem(thrown).message),
    );
    return () => controller.abort();
  }, [log, query, onHit]);

  const goToHit = async (by: 1 | -1) => {
    const step = stepFrom(hits, current, by);
    if (step === "none") return;
    if (step !== "load") return showHit(hits, step.at);
    try {
      const more = appendPage(hits, await searchLog(log, query, hits.next ?? undefined));
      const next = stepFrom(more, current, by);
      showHit(more, typeof next === "object" ? next.at : current);
    } catch (thrown) {
      setProblem(toProblem(thrown).message);
    }
  };

  return { hits, current, problem, goToHit };
}

async function searchLog(
  log: string,
  pattern: string,
  cursor?: string,
  signal?: AbortSignal,
): Promise<SearchHits> {
  const page = await dataOrThrow(
    api.GET("/api/v1/logs/{log_id}/search", {
      params: { path: { log_id: log }, query: { pattern, ignore_case: true, cursor } },
      signal,
    }),
  );
  return { hits: page.items, next: page.next };
}
