import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { api, bodyOf } from "../../api/client.ts";
import { toProblem } from "../../api/problem.ts";
import { Icon } from "../../ui/icons.tsx";
import { countText, type Found, move, NOTHING, withPage } from "./search-hits.ts";

const TYPING_MS = 200;

type SearchBarProps = {
  log: string;
  query: string;
  onQuery(query: string): void;
  /** The line (from 1) of the hit that is being looked at. */
  onHit(line: number | undefined): void;
};

/** Searches the whole log on the server. Enter goes to the next hit, Shift+Enter to the one before; Ctrl+F and / come here. */
export function SearchBar({ log, query, onQuery, onHit }: SearchBarProps) {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(query);
  const [found, setFound] = useState<Found>(NOTHING);
  const [at, setAt] = useState(-1);
  const [problem, setProblem] = useState("");

  const show = (next: Found, index: number) => {
    setFound(next);
    setAt(index);
    const hit = next.hits[index];
    onHit(hit && hit.line + 1);
  };

  useEffect(() => {
    const timer = setTimeout(() => text !== query && onQuery(text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, query, onQuery]);

  useEffect(() => {
    setProblem("");
    setFound(NOTHING);
    setAt(-1);
    onHit(undefined);
    if (!query) return;
    const controller = new AbortController();
    search(log, query, undefined, controller.signal).then(
      (page) => {
        setFound(page);
        setAt(page.hits.length > 0 ? 0 : -1);
        onHit(page.hits[0] && page.hits[0].line + 1);
      },
      (thrown) => controller.signal.aborted || setProblem(toProblem(thrown).message),
    );
    return () => controller.abort();
  }, [log, query, onHit]);

  const go = async (by: 1 | -1) => {
    const step = move(found, at, by);
    if (step === "none") return;
    if (step !== "load") return show(found, step.at);
    try {
      const more = withPage(found, await search(log, query, found.next ?? undefined));
      const next = move(more, at, by);
      show(more, typeof next === "object" ? next.at : at);
    } catch (thrown) {
      setProblem(toProblem(thrown).message);
    }
  };

  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const isFind = (event.ctrlKey || event.metaKey) && event.key === "f";
      const isSlash = event.key === "/" && !(event.target instanceof HTMLInputElement);
      // Pressed a second time, Ctrl+F is the browser's own, which finds what is on the screen.
      if ((!isFind && !isSlash) || document.activeElement === field.current) return;
      event.preventDefault();
      field.current?.select();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") setText("");
    if (event.key !== "Enter") return;
    event.preventDefault();
    if (text !== query) onQuery(text);
    else void go(event.shiftKey ? -1 : 1);
  };

  return (
    <search className="log-search">
      <input
        ref={field}
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
        {problem || (query && countText(found, at))}
      </span>
      <button
        type="button"
        className="button quiet small icon-only"
        aria-label="The hit before"
        disabled={found.hits.length === 0}
        onClick={() => void go(-1)}
      >
        <Icon name="up" size={12} />
      </button>
      <button
        type="button"
        className="button quiet small icon-only"
        aria-label="The next hit"
        disabled={found.hits.length === 0}
        onClick={() => void go(1)}
      >
        <Icon name="down" size={12} />
      </button>
    </search>
  );
}

async function search(log: string, pattern: string, cursor?: string, signal?: AbortSignal): Promise<Found> {
  const page = await bodyOf(
    api.GET("/api/v1/logs/{log_id}/search", {
      params: { path: { log_id: log }, query: { pattern, ignore_case: true, cursor } },
      signal,
    }),
  );
  return { hits: page.items, next: page.next };
}
