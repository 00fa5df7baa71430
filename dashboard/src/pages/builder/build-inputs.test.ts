import { expect, it } from "vitest";
import type { Input } from "../../api/types.ts";
import { describeInput, initialValues, parseInputs } from "./build-inputs.ts";

const input = (name: string, more: Partial<Input>): Input => ({
  name,
  type: "string",
  description: "",
  required: false,
  default: null,
  enum: [],
  pattern: null,
  ...more,
});

const inputs = [
  input("version", { required: true }),
  input("jobs", { type: "integer", default: 4 }),
  input("clean", { type: "boolean", default: true }),
  input("targets", { type: "list", default: ["a", "b"] }),
  input("level", { type: "integer", enum: [1, 2], default: 1 }),
];

it("starts with the defaults", () => {
  expect(initialValues(inputs)).toEqual({ version: "", jobs: "4", clean: true, targets: "a\nb", level: "1" });
});

it("gives typed values", () => {
  const { values, problems } = parseInputs(inputs, {
    version: " 1.2 ",
    jobs: "8",
    clean: false,
    targets: "x\n\n y ",
    level: "2",
  });
  expect(problems).toEqual({});
  expect(values).toEqual({ version: "1.2", jobs: 8, clean: false, targets: ["x", "y"], level: 2 });
});

it("gives what was emptied as empty, not as the default", () => {
  const optional = [inputs[3] as Input, input("note", { default: "none" })];
  expect(parseInputs(optional, { targets: "", note: " " })).toEqual({
    values: { targets: [], note: "" },
    problems: {},
  });
  expect(Object.keys(parseInputs([inputs[1] as Input], { jobs: "" }).problems)).toEqual(["jobs"]);
});

it("says what a value has to be like", () => {
  expect(describeInput(input("v", { description: "Of it.", pattern: "^a" }))).toBe("Of it. Has to match ^a");
  expect(describeInput(input("v", { type: "list" }))).toBe("One value per line.");
  expect(describeInput(input("v", { type: "list", enum: ["a"] }))).toBe("");
});

it("says what is wrong beside each input", () => {
  const { problems } = parseInputs(inputs, { version: "  ", jobs: "1.5", level: "3" });
  expect(Object.keys(problems)).toEqual(["version", "jobs", "level"]);
});
