import { expect, it } from "vitest";
import type { Input } from "../../api/types.ts";
import { initialValues, parseInputs } from "./build-inputs.ts";

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
  input("level", { type: "integer", enum: [1, 2] }),
];

it("starts with the defaults", () => {
  expect(initialValues(inputs)).toEqual({ version: "", jobs: "4", clean: true, targets: "a\nb", level: "" });
});

it("gives typed values and leaves out what was left empty", () => {
  const { values, problems } = parseInputs(inputs, {
    version: " 1.2 ",
    jobs: "8",
    clean: false,
    targets: "x\n\n y ",
    level: "",
  });
  expect(problems).toEqual({});
  expect(values).toEqual({ version: "1.2", jobs: 8, clean: false, targets: ["x", "y"] });
});

it("says what is wrong beside each input", () => {
  const { problems } = parseInputs(inputs, { version: "  ", jobs: "1.5", level: "3" });
  expect(Object.keys(problems)).toEqual(["version", "jobs", "level"]);
});
