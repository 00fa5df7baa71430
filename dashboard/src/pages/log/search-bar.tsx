import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from "react";
import { Icon } from "../../ui/icons.tsx";
import { hitCountText } from "./search-hits.ts";
import { useLogSearch } from "./use-log-search.ts";

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
  const { hits, current, problem, goToHit } = useLogSearch(log, query, onHit);
  useFocusKeys(input);

  useEffect(() => {
    const timer = setTimeout(() => text !== query && onQuery(text), TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, query, onQuery]);

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

/** Focuses the input on Ctrl+F and on a slash that isn't typed. */
function useFocusKeys(input: RefObject<HTMLInputElement | null>) {
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
  }, [input]);
}
