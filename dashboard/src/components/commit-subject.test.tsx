// @vitest-environment happy-dom
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { CommitSubject } from "./commit-subject.tsx";

afterEach(cleanup);

test.each([
  { subject: "Fix the widget", altered: false, shown: "Fix the widget" },
  { subject: "", altered: false, shown: "no message" },
  { subject: null, altered: false, shown: "message erased" },
  { subject: null, altered: true, shown: "message altered" },
])("a commit's subject is shown, or why it isn't: $shown", ({ shown, ...commit }) => {
  render(<CommitSubject commit={commit} />);
  expect(screen.getByText(shown)).toBeDefined();
});
