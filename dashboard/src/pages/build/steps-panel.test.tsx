// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import type { BuildDetail, Step } from "../../api/types.ts";
import { StepsPanel } from "./steps-panel.tsx";

afterEach(cleanup);

const at = "2026-03-01T12:00:00Z";
const why = "its `when` does not hold: change.branch == 'main' (change.branch is topic)";
const publish: Step = {
  index: 0,
  name: "publish",
  program: "run",
  result: "skipped",
  summary: why,
  after_stop: false,
  started_at: at,
  finished_at: at,
  operations: [],
};

function show(...steps: Step[]) {
  const detail = { build: { status: "finished" }, steps, planned_steps: steps.map(({ name }) => name) };
  render(<StepsPanel detail={detail as unknown as BuildDetail} />);
}

test("a skipped step says why it was skipped", () => {
  show(publish);
  expect(screen.getByRole("button").textContent).toContain(why);
});

test("a step that ran nothing says so", () => {
  show({ ...publish, result: "success", summary: "" });
  fireEvent.click(screen.getByRole("button"));
  expect(screen.getByRole("paragraph").textContent).toBe("This step ran nothing on the worker.");
});
