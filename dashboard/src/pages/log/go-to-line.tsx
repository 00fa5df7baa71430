import { type FormEvent, useState } from "react";
import { formatLines, type LineRange, parseLines } from "./line-range.ts";

/** Goes to a line or selects some: `120` or `120-140`. */
export function GoToLine({ lines, onGo }: { lines: number; onGo(range: LineRange): void }) {
  const [text, setText] = useState("");
  const [isWrong, setWrong] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const range = parseLines(`L${text.replaceAll(/[\s,#L]/g, "")}`);
    setWrong(!range);
    if (!range) return;
    const last = Math.min(range.to, lines);
    const reached = { from: Math.min(range.from, last), to: last };
    setText(formatLines(reached).replaceAll("L", ""));
    onGo(reached);
  };
  return (
    <form onSubmit={submit}>
      <input
        className="input go-to-line"
        inputMode="numeric"
        aria-label="Go to line, or select lines as 120-140"
        title="Go to line, or select lines as 120-140"
        placeholder="Line"
        value={text}
        aria-invalid={isWrong}
        onChange={({ target }) => setText(target.value)}
      />
    </form>
  );
}
