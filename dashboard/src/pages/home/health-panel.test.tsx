// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import type { Health } from "../../api/types.ts";
import { HealthPanel } from "./health-panel.tsx";

afterEach(cleanup);

function show(health: Health) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  client.setQueryData(["health"], health);
  return render(
    <QueryClientProvider client={client}>
      <HealthPanel />
    </QueryClientProvider>,
  );
}

test("each problem of the server is a line", () => {
  show({
    status: "degraded",
    position: 9,
    readers: [],
    problems: [
      "status goes on without a fact, at position 7, which it can't hold",
      "1 of the workers is missing",
    ],
  });
  expect(screen.getByRole("heading", { name: "The server needs attention" })).toBeTruthy();
  expect(screen.getAllByRole("listitem").map((line) => line.textContent?.trim())).toEqual([
    expect.stringContaining("goes on without a fact, at position 7"),
    expect.stringContaining("1 of the workers is missing"),
  ]);
});

test("nothing is shown while all is well", () => {
  const { container } = show({ status: "ok", position: 9, readers: [], problems: [] });
  expect(container.textContent).toBe("");
});
