// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import type { ServerEntry } from "../../api/types.ts";
import { ServersPanel } from "./servers-panel.tsx";

afterEach(cleanup);

const alone: ServerEntry = {
  id: "1",
  host: "ci-1",
  roles: ["api", "reactors"],
  leads: ["pollers", "reactors"],
  alive: true,
  since: new Date(Date.now() - 7_330_000).toISOString(),
  leads_since: new Date(Date.now() - 3_700_000).toISOString(),
  lost_at: null,
  answered: true,
};

function show(items: ServerEntry[]) {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  client.setQueryData(["servers"], { items, position: 9 });
  return render(
    <QueryClientProvider client={client}>
      <ServersPanel />
    </QueryClientProvider>,
  );
}

test("each server says since when it serves and what it leads, and one that died says when", () => {
  const other = { ...alone, id: "2", host: "ci-2", leads: [], leads_since: null, answered: false };
  const dead = {
    ...other,
    id: "3",
    host: "ci-3",
    alive: false,
    since: null,
    lost_at: new Date(Date.now() - 330_000).toISOString(),
  };
  const silent = { ...dead, id: "4", host: "ci-4", lost_at: null };
  show([alone, other, dead, silent]);
  const lines = screen.getAllByRole("listitem").map((line) => line.textContent ?? "");
  expect(lines[0]).toMatch(/ci-1 \(this one\): serves for 2 h.*, leads pollers, reactors for 1 h/);
  expect(lines[1]).toMatch(/ci-2: serves for 2 h.*, leads nothing$/);
  expect(lines[2]).toMatch(/ci-3: died 5 min.* ago/);
  expect(lines[3]).toMatch(/ci-4: gives no sign of life/);
});

test("a server that is alone isn't shown", () => {
  const { container } = show([alone]);
  expect(container.textContent).toBe("");
});
