// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import type { ConfigPlan } from "../../api/types.ts";

const sent = vi.hoisted(() => {
  const requests: { expected_revision: number }[] = [];
  const refusal = { title: "Another configuration is in force", status: 409, code: "config_revision" };
  globalThis.fetch = async (input) => {
    const body = await (input as Request).json();
    requests.push(body);
    const isRefused = body.expected_revision !== 5;
    const answer = isRefused
      ? { ...refusal, detail: "revision 5 is in force, not 4: kim applied it" }
      : { position: 9 };
    const headers = { "Content-Type": isRefused ? "application/problem+json" : "application/json" };
    return new Response(JSON.stringify(answer), { status: isRefused ? 409 : 200, headers });
  };
  return requests;
});
const { default: RollbackDialog } = await import("./rollback-dialog.tsx");

afterEach(cleanup);

function planAgainst(revision: number): ConfigPlan {
  return {
    compared_with: revision,
    note: "",
    text: [`~ server, as against ${revision}`],
    effects: [],
    hindrances: [],
    watched_file: null,
    changes: true,
    entries: [],
    position: revision,
  };
}

test("who looked at another plan than the newest is told who was quicker, and may then go back all the same", async () => {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  const key = ["revision-plan", "1", undefined];
  client.setQueryData(key, planAgainst(4));
  const closed = vi.fn();
  render(
    <QueryClientProvider client={client}>
      <RollbackDialog revision={1} onClose={closed} />
    </QueryClientProvider>,
  );
  await screen.findByText("~ server, as against 4");
  act(() => client.setQueryData(key, planAgainst(5)));
  await screen.findByText("~ server, as against 5");
  fireEvent.click(screen.getByRole("button", { name: "Go back" }));
  await screen.findByText(/revision 5 is in force, not 4: kim applied it/);
  expect(closed).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole("button", { name: "Go back" }));
  await vi.waitFor(() => expect(closed).toHaveBeenCalled());
  expect(sent.map((body) => body.expected_revision)).toEqual([4, 5]);
});
