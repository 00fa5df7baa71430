import { expect, it } from "vitest";
import { failureText } from "./operation-end.ts";

const end = { status: "finished", ended: "exited", exit_code: 0, signal: null, detail: "" } as const;

it.each([
  [{ ...end, exit_code: 3 }, "exit code 3"],
  [{ ...end, ended: "signalled", exit_code: null, signal: 9 }, "signal 9"],
  [{ ...end, ended: "cancel", exit_code: null }, "stopped on request"],
  [{ ...end, ended: "no_file", exit_code: null, detail: "a.tgz" }, "file not found: a.tgz"],
  [{ ...end, ended: "something_else", exit_code: null }, "something else"],
])("says why an operation failed", (operation, text) => {
  expect(failureText(operation)).toBe(text);
});

it("says nothing about an operation that succeeded or hasn't finished", () => {
  expect(failureText(end)).toBeUndefined();
  expect(failureText({ ...end, status: "started", ended: null })).toBeUndefined();
});
