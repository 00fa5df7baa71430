import { describe, expect, it } from "vitest";
import { parseAnsi } from "./ansi.ts";

const SEQUENCE_MAX_CHARS = 4_096;
const E = "\x1b";
const text = (raw: string) =>
  parseAnsi(raw)
    .segments.map((segment) => segment.text)
    .join("");
const styles = (raw: string) => parseAnsi(raw).segments.map((segment) => segment.style);

describe("colours and attributes", () => {
  it("reads the 16 colours of the theme", () => {
    expect(parseAnsi(`${E}[31mred${E}[0m plain`).segments).toEqual([
      { text: "red", style: { foreground: { kind: "ansi", index: 1 } } },
      { text: " plain", style: {} },
    ]);
    expect(styles(`${E}[97;104mx`)).toEqual([
      { foreground: { kind: "ansi", index: 15 }, background: { kind: "ansi", index: 12 } },
    ]);
  });

  it.each([
    ["38;5;1", { kind: "ansi", index: 1 }],
    ["38;5;196", { kind: "rgb", css: "rgb(255 0 0)" }],
    ["38;5;244", { kind: "rgb", css: "rgb(128 128 128)" }],
    ["38;2;1;22;255", { kind: "rgb", css: "rgb(1 22 255)" }],
    ["38:2:1:22:255", { kind: "rgb", css: "rgb(1 22 255)" }],
    ["38:2::1:22:255", { kind: "rgb", css: "rgb(1 22 255)" }],
    ["38:5:196", { kind: "rgb", css: "rgb(255 0 0)" }],
  ])("reads %s", (code, colour) => {
    expect(styles(`${E}[${code}mx`)).toEqual([{ foreground: colour }]);
  });

  it("goes on with the attributes that follow an extended colour", () => {
    expect(styles(`${E}[38;5;196;1mx`)[0]).toMatchObject({ bold: true });
    expect(styles(`${E}[38;2;1;2;3;4mx`)[0]).toMatchObject({ underline: true });
  });

  it.each(["38;5;999", "38;2;1;2;999", "38;9;1", "38", "38;5", "38;2;1"])(
    "ignores the bad colour %s",
    (code) => {
      expect(styles(`${E}[${code}mx`)[0]?.foreground).toBeUndefined();
    },
  );

  it("takes an empty sequence for a reset", () => {
    expect(styles(`${E}[1ma${E}[mb`)).toEqual([{ bold: true }, {}]);
  });

  it("ignores private sequences that end in m", () => {
    expect(styles(`${E}[>4;2mx`)).toEqual([{}]);
  });

  it("hands its style to the next line", () => {
    const first = parseAnsi(`${E}[32mgreen`);
    expect(parseAnsi("still", first.style).segments[0]?.style.foreground).toEqual({ kind: "ansi", index: 2 });
  });
});

describe("sequences that arrive in pieces", () => {
  const whole = `a${E}[1;38;2;255;0;10mb${E}]8;;https://example.org/x${E}\\c${E}]8;;\x07d${E}[0me`;

  it("gives the same text and styles wherever it is cut", () => {
    const expected = flatten(parseAnsi(whole).segments);
    for (let cut = 0; cut <= whole.length; cut += 1) {
      const first = parseAnsi(whole.slice(0, cut));
      const second = parseAnsi(first.rest + whole.slice(cut), first.style);
      expect(flatten([...first.segments, ...second.segments])).toEqual(expected);
      expect(second.rest).toBe("");
    }
  });

  it("shows nothing of a sequence that hasn't ended", () => {
    expect(text(`done${E}[3`)).toBe("done");
    expect(parseAnsi(`done${E}[3`).rest).toBe(`${E}[3`);
  });

  it("gives up on a sequence that never ends", () => {
    const parsed = parseAnsi(`${E}]${"x".repeat(SEQUENCE_MAX_CHARS + 10)}`);
    expect(parsed.rest).toBe("");
    expect(parsed.segments[0]?.text.length).toBe(SEQUENCE_MAX_CHARS + 10);
  });
});

describe("hostile output", () => {
  it("leaves markup as text", () => {
    expect(text("<script>alert(1)</script><img src=x onerror=alert(1)>")).toBe(
      "<script>alert(1)</script><img src=x onerror=alert(1)>",
    );
  });

  it.each([
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "file:///etc/passwd",
    "vbscript:x",
    "//example.org",
    "https://",
    "https://user:secret@example.org/",
  ])("makes no link of %s", (url) => {
    const parsed = parseAnsi(`${E}]8;;${url}${E}\\click${E}]8;;${E}\\`);
    expect(parsed.segments.map((segment) => segment.text).join("")).toBe("click");
    expect(parsed.segments[0]?.style.link).toBeUndefined();
  });

  it("keeps http and https links until they are closed, through a reset", () => {
    const parsed = parseAnsi(`${E}]8;id=1;https://example.org/a?b;c\x07${E}[0mlink${E}]8;;\x07no`);
    expect(parsed.segments).toEqual([
      { text: "link", style: { link: "https://example.org/a?b;c" } },
      { text: "no", style: { link: undefined } },
    ]);
  });

  it("drops window titles, cursor moves, device strings and character sets", () => {
    expect(
      text(`a${E}]0;owned\x07b${E}[2J${E}[10;10Hc${E}P1$tx${E}\\d${E}(Be${E}=f\x9b31mg\x9d0;t\x9ch`),
    ).toBe("abcdefgh");
  });

  it("shows stray control characters and marks that would turn text around", () => {
    expect(text("a\x00b\x7fc\u202ed")).toBe("a^@b^?c\u27e8U+202E\u27e9d");
  });

  it("keeps tabs and drops BEL", () => {
    expect(text("a\tb\x07c")).toBe("a\tbc");
  });

  it("shows the last state of a progress bar", () => {
    expect(text("10 %\r50 %\r100 %\r")).toBe("100 %");
    expect(text("abc\b\bX")).toBe("aX");
  });

  it("reads a line of a megabyte without being slow in its length squared", () => {
    const line = `${E}[1m`.repeat(200_000);
    expect(parseAnsi(line)).toEqual({ segments: [], style: { bold: true }, rest: "" });
    expect(parseAnsi("\x00".repeat(10_000)).segments).toHaveLength(1);
  });
});

function flatten(segments: readonly { text: string; style: object }[]) {
  return segments.flatMap((segment) =>
    [...segment.text].map((character) => [character, { ...segment.style }]),
  );
}
