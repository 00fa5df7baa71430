// Reads what a supervisor wrote about its own troubles.
import { readFileSync } from "node:fs";

const LONGEST_CHARACTERS = 500;

/** The last line of a `diagnostics` file, cut at 500 characters; empty if there is none. */
export function readDiagnostics(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return "";
  }
  return text.trimEnd().split("\n").at(-1)?.slice(0, LONGEST_CHARACTERS) ?? "";
}
