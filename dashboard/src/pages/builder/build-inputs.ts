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

/** The values as typed, empty ones too: whoever empties a field means that. And a problem for each invalid input. */
export function parseInputs(inputs: readonly Input[], values: FormValues): ParsedInputs {
  const parsed: ParsedInputs = { values: {}, problems: {} };
  for (const input of inputs) {
    const result = parseInput(input, values[input.name] ?? "");
    if (result.problem) parsed.problems[input.name] = result.problem;
    else if (result.value !== undefined) parsed.values[input.name] = result.value;
  }
  return parsed;
}

function parseInput(input: Input, given: string | boolean): { value?: InputValue; problem?: string } {
  if (typeof given === "boolean") return { value: given };
  const text = given.trim();
  if (text === "" && input.required) return { problem: "A value is required." };
  switch (input.type) {
    case "integer":
      return /^[+-]?\d+$/.test(text) && Number.isSafeInteger(Number(text))
        ? checkChoice(input, Number(text))
        : { problem: "Enter a whole number." };
    case "list":
      return { value: parseLines(text) };
    default:
      return checkChoice(input, text);
  }
}

/** The values of a list, which stand on lines of their own. */
function parseLines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** The description of an input, and what its value has to be like. */
export function describeInput({ type, description, pattern, enum: choices }: Input): string {
  const hints = [description];
  if (type === "list" && choices.length === 0) hints.push("One value per line.");
  if (pattern) hints.push(`Has to match ${pattern}`);
  return hints.filter((hint) => hint !== "").join(" ");
}

/** Checks against the listed values. Patterns are checked by the server: they are RE2's, which browsers don't implement. */
function checkChoice(input: Input, value: string | number): { value?: InputValue; problem?: string } {
  if (input.enum.length > 0 && !input.enum.includes(value))
    return { problem: "Choose one of the listed values." };
  return { value };
}
