/** A form's texts turned into the typed values that a builder's inputs want. */

import type { Input } from "../../api/types.ts";

export type InputValue = string | number | boolean | string[];
export type Texts = Readonly<Record<string, string | boolean>>;

export type Read = { values: Record<string, InputValue>; problems: Record<string, string> };

/** The texts that a form starts with. */
export function startOf(inputs: readonly Input[]): Record<string, string | boolean> {
  return Object.fromEntries(inputs.map((input) => [input.name, startValue(input)]));
}

function startValue({ type, default: given }: Input): string | boolean {
  if (type === "boolean") return given === true;
  if (Array.isArray(given)) return given.join("\n");
  return given === null || given === undefined ? "" : String(given);
}

/** Values for the server; an optional input that was left empty is left out. */
export function readInputs(inputs: readonly Input[], texts: Texts): Read {
  const read: Read = { values: {}, problems: {} };
  for (const input of inputs) {
    const given = texts[input.name] ?? "";
    const outcome = readInput(input, given);
    if (outcome.problem) read.problems[input.name] = outcome.problem;
    else if (outcome.value !== undefined) read.values[input.name] = outcome.value;
  }
  return read;
}

function readInput(input: Input, given: string | boolean): { value?: InputValue; problem?: string } {
  if (typeof given === "boolean") return { value: given };
  const text = given.trim();
  if (text === "") return input.required ? { problem: "A value is needed." } : {};
  switch (input.type) {
    case "integer":
      return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))
        ? chosen(input, Number(text))
        : { problem: "This has to be a whole number." };
    case "list":
      return {
        value: text
          .split("\n")
          .map((line) => line.trim())
          .filter((line) => line !== ""),
      };
    default:
      return chosen(input, text);
  }
}

/** The server checks the pattern: its expressions are RE2's, which a browser doesn't speak. */
function chosen(input: Input, value: string | number): { value?: InputValue; problem?: string } {
  if (input.enum.length > 0 && !input.enum.includes(value))
    return { problem: "This is none of the choices." };
  return { value };
}
