// @vitest-environment happy-dom
import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { ActorName } from "./actor-name.tsx";

afterEach(cleanup);

it.each([
  ["user", "user:6ddf442c", "Ada Example", "Ada Example"],
  ["reactor", "reactor:triggering", "triggering", "the trigger"],
  ["reactor", "reactor:running", "running", "the server"],
  ["poller", "poller:widget", "widget", "the poller of widget"],
  ["worker", "worker:linux-1", "linux-1", "worker linux-1"],
  ["system", "system", "system", "the server"],
] as const)("names a %s (%s)", (kind, id, label, text) => {
  expect(render(<ActorName actor={{ kind, id, label }} />).container.textContent).toBe(text);
});
