// @vitest-environment happy-dom
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import type { Builder } from "../../api/types.ts";
import { MatrixRows } from "./builder-rows.tsx";

afterEach(cleanup);

const CELLS = Array.from({ length: 250 }, (_, number) => ({
  name: `tests[${number}]`,
  base: "tests",
  matrix: { number },
  tags: [],
  protected: false,
  configured: true,
  status: number === 7 ? "broken" : "passing",
  running: [],
  last_build: null,
  broken: null,
  build_count: 2,
})) as unknown as Builder[];

async function show(isOpen: boolean) {
  const entry = { name: "tests", builders: CELLS, isMatrix: true };
  const root = createRootRoute({
    component: () => (
      <table>
        <tbody>
          <MatrixRows entry={entry} isOpen={isOpen} />
        </tbody>
      </table>
    ),
  });
  const router = createRouter({ routeTree: root, history: createMemoryHistory() });
  render(<RouterProvider router={router as never} />);
  await screen.findByRole("button", { name: /250 cells/ });
}

test("the cells of a matrix are one row until it is pressed", async () => {
  await show(false);
  expect(screen.getByText("1 broken, 249 passing", { selector: "td" })).toBeDefined();
  expect(screen.queryAllByRole("link")).toHaveLength(0);
  fireEvent.click(screen.getByRole("button", { name: /250 cells/ }));
  expect(screen.queryAllByRole("link")).toHaveLength(100);
});

test("of many cells it is said how many are shown, and each press shows more", async () => {
  await show(true);
  expect(screen.getByText(/Showing 100 of 250 cells of tests/)).toBeDefined();
  fireEvent.click(screen.getByRole("button", { name: "Show 100 more" }));
  fireEvent.click(screen.getByRole("button", { name: "Show 50 more" }));
  expect(screen.queryAllByRole("link")).toHaveLength(250);
  expect(screen.queryByText(/Showing/)).toBeNull();
});
