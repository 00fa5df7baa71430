// @vitest-environment happy-dom
import { cleanup, render } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { parseAnsi } from "./ansi.ts";
import { findMatches, LineText } from "./line-text.tsx";

afterEach(cleanup);

const E = "\x1b";
const draw = (raw: string, query = "") => {
  const { segments } = parseAnsi(raw);
  const plain = segments.map((segment) => segment.text).join("");
  return render(<LineText segments={segments} matches={findMatches(plain, query)} />).container;
};

describe("LineText", () => {
  it("shows markup in the output as text, without an element of its own", () => {
    const line = draw(`${E}[31m<script>alert(1)</script>${E}[0m<img src=x onerror=alert(1)>`);
    expect(line.textContent).toBe("<script>alert(1)</script><img src=x onerror=alert(1)>");
    expect([...line.querySelectorAll("*")].map((element) => element.tagName)).toEqual(["SPAN"]);
  });

  it("makes no link of a URL that is not http", () => {
    const line = draw(`${E}]8;;javascript:alert(1)\x07click${E}]8;;\x07`);
    expect(line.querySelector("a")).toBeNull();
    expect(line.textContent).toBe("click");
  });

  it("makes http links that tell the page they open nothing about this one", () => {
    const link = draw(`${E}]8;;https://example.org/\x07docs${E}]8;;\x07`).querySelector("a");
    expect(link?.getAttribute("href")).toBe("https://example.org/");
    expect(link?.getAttribute("rel")).toBe("noreferrer noopener");
  });

  it("highlights a match across a change of colour", () => {
    const line = draw(`an Err${E}[31mor: err${E}[0m`, "error");
    expect([...line.querySelectorAll("mark")].map((mark) => mark.textContent)).toEqual(["Err", "or"]);
    expect(line.textContent).toBe("an Error: err");
  });

  it("swaps the colours of inverse text", () => {
    expect(draw(`${E}[7mx`).querySelector("span")?.className).toBe("fg-inverse bg-inverse");
    expect(draw(`${E}[7;31mx`).querySelector("span")?.className).toBe("bg-1 fg-inverse");
  });
});
