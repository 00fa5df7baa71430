/** A form's texts turned into the typed values that a builder's inputs want. */

import type { Input } from "../../api/types.ts";

export type InputValue = string | number | boolean | string[];
export type FormValues = Readonly<Record<string, string | boolean>>;

export type ParsedInputs = { values: Record<string, InputValue>; problems: Record<string, string> };

/** The texts that a form starts with. */
export function initialValues(inputs: readonly Input[]): Record<string, string | boolean> {
  return Object.fromEntries(inputs.map((input) => [input.name, initialValue(input)]));
}

function initialValue({ type, default: given }: Input): string | boolean {
  if (type === "boolean") return given === true;
  if (Array.isArray(given)) return given.join("\n");
  return given === null || given === undefined ? "" : String(given);
}

/** Values for the server; an optional input that was left empty is left out. */
export function parseInputs(inputs: readonly Input[], values: FormValues): ParsedInputs {
  const parsed: ParsedInputs = { values: {}, problems: {} };
  for (const input of inputs) {
    const given = values[input.name] ?? "";
    const result = parseInput(input, given);
    if (result.problem) parsed.problems[input.name] = result.problem;
    else if (result.value !== undefined) parsed.values[input.name] = result.value;
  }
  return parsed;
}

function parseInput(input: Input, given: string | boolean): { value?: InputValue; problem?: string } {
  if (typeof given === "boolean") return { value: given };
  const text = given.trim();
  if (text === "") return input.required ? { problem: "A value is needed." } : {};
  switch (input.type) {
    case "integer":
      return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))
        ? checkChoice(input, Number(text))
        : { problem: "This has to be a whole number." };
    case "list":
      return {
        value: text
          .split("\n")
          .map((line) => line.trim())
          .filter((line) => line !== ""),
      };
    default:
      return checkChoice(input, text);
  }
}

/** The server checks the pattern: its expressions are RE2's, which a browser doesn't speak. */
function checkChoice(input: Input, value: string | number): { value?: InputValue; problem?: string } {
  if (input.enum.length > 0 && !input.enum.includes(value))
    return { problem: "This is none of the choices." };
  return { value };
}
