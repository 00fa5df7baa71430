// @vitest-environment happy-dom
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
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
  locks: {},
  waiting: null,
  locks_taken_at: null,
  started_at: at,
  finished_at: at,
  operations: [],
  generated: null,
};

async function show(...steps: Step[]) {
  const detail = { build: { status: "finished" }, steps, planned_steps: steps.map(({ name }) => name) };
  const root = createRootRoute({ component: () => <StepsPanel detail={detail as unknown as BuildDetail} /> });
  const router = createRouter({ routeTree: root, history: createMemoryHistory() });
  render(<RouterProvider router={router as never} />);
  await screen.findByRole("heading", { name: "Steps" });
}

test("a skipped step says why it was skipped", async () => {
  await show(publish);
  expect(screen.getByRole("button").textContent).toContain(why);
});

test("a step that ran nothing says so", async () => {
  await show({ ...publish, result: "success", summary: "" });
  fireEvent.click(screen.getByRole("button"));
  expect(screen.getByRole("paragraph").textContent).toBe("This step ran nothing on the worker.");
});

test("a step that waits for a lock says for which, and links to who has it", async () => {
  const text = "waits for lock db, held by tests #12";
  const held_by = [{ build_id: "b12", builder: "tests", number: 12 }];
  const waiting = { text, lock: "db", held_by, since: at };
  await show({ ...publish, result: null, summary: "", finished_at: null, locks: { db: 1 }, waiting });
  expect(screen.getByRole("button").textContent).toContain(text);
  expect(screen.getByRole("paragraph").textContent).toBe("Lock db is held by tests #12");
  expect(screen.getByRole("link").getAttribute("href")).toBe("/builds/b12");
});

test("a step that had to wait says how long it did", async () => {
  const locks_taken_at = "2026-03-01T12:00:42Z";
  await show({
    ...publish,
    result: "failure",
    summary: "exit code 1",
    locks: { db: 1, board: 2 },
    locks_taken_at,
  });
  expect(screen.getAllByRole("paragraph")[0]?.textContent).toBe("Waited 42 s for 2 locks: db, board");
});

test("a step that has generated builders links to their builds, and says which have none", async () => {
  const build = {
    id: "b7",
    builder: "plan:unit",
    number: 7,
    result: null,
    assigned_at: at,
    finished_at: null,
  };
  const builders = [
    { builder: "plan:unit", request: "r1", build },
    { builder: "plan:lint", request: "r2", build: null },
    { builder: "plan:docs", request: null, build: null },
  ];
  await show({ ...publish, result: "success", summary: "", generated: { builders, problems: [] } });
  expect(screen.getAllByRole("listitem").map((item) => item.textContent)).toContain(
    "plan:lint waiting for a worker",
  );
  expect(screen.getAllByRole("listitem").map((item) => item.textContent)).toContain(
    "plan:docs not built: its when does not hold",
  );
  expect(screen.getByRole("link", { name: "plan:unit #7" }).getAttribute("href")).toBe("/builds/b7");
});

test("a step whose output is wrong says all that is wrong with it", async () => {
  const text = "<stdout of plan>:2:1: unknown key 'stepz' [unknown-key]";
  const problem = { line: 2, column: 1, code: "unknown-key", severity: "error" as const, text };
  await show({ ...publish, result: "failure", generated: { builders: [], problems: [problem, problem] } });
  expect(screen.getAllByText(text)).toHaveLength(2);
});

test("a step whose locks were free says nothing of a wait", async () => {
  const locks_taken_at = "2026-03-01T12:00:00.080Z";
  await show({ ...publish, result: "failure", summary: "exit code 1", locks: { db: 1 }, locks_taken_at });
  expect(screen.getAllByRole("paragraph")).toHaveLength(1);
});
