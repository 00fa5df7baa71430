/** The values of a form, parsed into the types that a builder's inputs have. */

import type { Input } from "../../api/types.ts";

type InputValue = string | number | boolean | string[];
export type FormValues = Readonly<Record<string, string | boolean>>;

type ParsedInputs = { values: Record<string, InputValue>; problems: Record<string, string> };

/** The values a form starts with: the inputs' defaults. */
export function initialValues(inputs: readonly Input[]): Record<string, string | boolean> {
  return Object.fromEntries(inputs.map((input) => [input.name, initialValue(input)]));
}

function initialValue({ type, default: given }: Input): string | boolean {
  if (type === "boolean") return given === true;
  if (Array.isArray(given)) return given.join("\n");
  return given === null || given === undefined ? "" : String(given);
}

/** The typed values, without the optional inputs that were left empty, and a problem for each invalid input. */
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
  if (text === "") return input.required ? { problem: "A value is required." } : {};
  switch (input.type) {
    case "integer":
      return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))
        ? checkChoice(input, Number(text))
        : { problem: "Enter a whole number." };
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

/** Checks against the listed values. Patterns are checked by the server: they are RE2's, which browsers don't implement. */
function checkChoice(input: Input, value: string | number): { value?: InputValue; problem?: string } {
  if (input.enum.length > 0 && !input.enum.includes(value))
    return { problem: "Choose one of the listed values." };
  return { value };
}
