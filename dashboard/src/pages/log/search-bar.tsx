import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { api, dataOrThrow } from "../../api/client.ts";
import { toProblem } from "../../api/problem.ts";
import { Icon } from "../../ui/icons.tsx";
import { appendPage, hitCountText, NOT_SEARCHED, type SearchHits, stepFrom } from "./search-hits.ts";

const TYPING_PAUSE_MS = 200;

type SearchBarProps = {
  log: string;
  query: string;
  onQuery(query: string): void;
  /** Called with the line (from 1) of the current hit. */
  onHit(line: number | undefined): void;
};

/** Searches the whole log on the server. Enter goes to the next match, Shift+Enter to the previous; Ctrl+F and / focus it. */
export function SearchBar({ log, query, onQuery, onHit }: SearchBarProps) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(query);
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
    const timer = setTimeout(() => text !== query && onQuery(text), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, query, onQuery]);

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

  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const isFind = (event.ctrlKey || event.metaKey) && event.key === "f";
      const isSlash = event.key === "/" && !(event.target instanceof HTMLInputElement);
      // A second Ctrl+F opens the browser's own search.
      if ((!isFind && !isSlash) || document.activeElement === input.current) return;
      event.preventDefault();
      input.current?.select();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") setText("");
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (text !== query) onQuery(text);
    else void goToHit(event.shiftKey ? -1 : 1);
  };

  return (
    <search className="log-search">
      <input
        ref={input}
        className="input"
        type="search"
        aria-label="Search the whole log"
        aria-keyshortcuts="/ Control+F"
        placeholder="Search the whole log"
        value={text}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={onKeyDown}
      />
      <span className={problem ? "log-search-problem" : "muted"} role="status">
        {problem || (query && hitCountText(hits, current))}
      </span>
      <button
        type="button"
        className="button quiet small icon-only"
        aria-label="Previous match"
        disabled={hits.hits.length === 0}
        onClick={() => void goToHit(-1)}
      >
        <Icon name="up" size={12} />
      </button>
      <button
        type="button"
        className="button quiet small icon-only"
        aria-label="Next match"
        disabled={hits.hits.length === 0}
        onClick={() => void goToHit(1)}
      >
        <Icon name="down" size={12} />
      </button>
    </search>
  );
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
