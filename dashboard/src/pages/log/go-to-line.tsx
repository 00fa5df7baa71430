import { type FormEvent, useState } from "react";
import { formatLineRange, type LineRange, parseLineRange } from "./line-range.ts";

/** The input that goes to a line or selects several: `120` or `120-140`. */
export function GoToLine({ lines, onGo }: { lines: number; onGo(range: LineRange): void }) {
  const [text, setText] = useState("");
  const [isInvalid, setInvalid] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const range = parseLineRange(`L${text.replaceAll(/[\s,#L]/g, "")}`);
    setInvalid(!range);
    if (!range) return;
    const last = Math.min(range.to, lines);
    const reached = { from: Math.min(range.from, last), to: last };
    setText(formatLineRange(reached).replaceAll("L", ""));
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
        aria-invalid={isInvalid}
        onChange={({ target }) => setText(target.value)}
      />
    </form>
  );
}
