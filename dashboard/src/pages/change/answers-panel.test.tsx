// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import type { Change, RevisionPipeline, TriggerAnswer } from "../../api/types.ts";
import { AnswersPanel } from "./answers-panel.tsx";

afterEach(cleanup);

const change = { id: "c1", source: "widget" } as Change;
const filtered: TriggerAnswer = {
  trigger: "push",
  builder: "docs",
  branch: "topic",
  code: "when",
  text: "its `when` does not hold: change.branch == 'main' (change.branch is topic)",
  condition: "change.branch == 'main'",
  request_id: null,
  status: null,
  build_id: null,
  result: null,
  upstream: [],
};

async function show(
  answers: TriggerAnswer[],
  config_revision: number | null = 3,
  pipeline: RevisionPipeline | null = null,
) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  const data = { change_id: "c1", revision: "1", config_revision, answers, pipeline, position: 9 };
  client.setQueryData(["change-answers", "c1", undefined], data);
  const rootRoute = createRootRoute({ component: () => <AnswersPanel change={change} /> });
  const router = createRouter({ routeTree: rootRoute, history: createMemoryHistory() });
  render(
    <QueryClientProvider client={client}>
      <RouterProvider router={router as never} />
    </QueryClientProvider>,
  );
  await screen.findByRole("heading", { name: "Was it built?" });
}

test("each builder has its answer, and links to what it speaks of", async () => {
  const built = {
    ...filtered,
    builder: "tests",
    code: "requested",
    text: "built: success",
    status: "finished",
  };
  const upstream = {
    builder: "tests",
    status: "finished",
    build_id: "b1",
    number: 4,
    result: "failure",
    revision: "1",
  } as const;
  const awaiting = { ...filtered, builder: "deploy", code: "upstream_failed", text: "tests did not succeed" };
  await show([
    filtered,
    { ...built, build_id: "b7", result: "success" } as TriggerAnswer,
    { ...awaiting, upstream: [upstream] } as TriggerAnswer,
  ]);
  const lines = screen.getAllByRole("listitem").map((line) => line.textContent ?? "");
  expect(lines[0]).toContain("docs on topic, by the trigger push");
  expect(lines[0]).toContain(filtered.text);
  expect(lines[1]).toContain("built: success · its build");
  expect(lines[2]).toContain("tests did not succeed · tests #4");
  expect(screen.getByRole("link", { name: "its build" }).getAttribute("href")).toBe("/builds/b7");
  expect(screen.getByRole("link", { name: "tests #4" }).getAttribute("href")).toBe("/builds/b1");
});

test("a source that no trigger watches, and a time without a configuration, are said", async () => {
  await show([]);
  expect(screen.getByText("No trigger watches widget.")).toBeTruthy();
  cleanup();
  await show([], null);
  expect(screen.getByText("Nobody can say")).toBeTruthy();
});

test("a repository's file that is refused is shown with all that is wrong with it", async () => {
  const problem = {
    line: 7,
    column: 3,
    code: "grant",
    severity: "error",
    text: "ci.yaml:7:3: not granted",
  } as const;
  await show([], 3, {
    path: "ci.yaml",
    outcome: "rejected",
    text: "ci.yaml of this revision is refused, so nothing is built by it",
    builders: [],
    problems: [problem],
  });
  expect(screen.getByText(/is refused/)).toBeTruthy();
  expect(screen.getByText(problem.text).tagName).toBe("CODE");
});
