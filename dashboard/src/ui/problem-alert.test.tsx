// @vitest-environment happy-dom
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { problemFromResponse } from "../api/problem.ts";
import { ProblemAlert } from "./problem-alert.tsx";

afterEach(cleanup);

const offered = (status: number) => {
  render(<ProblemAlert problem={problemFromResponse(status, undefined)} onRetry={() => {}} />);
  return screen.queryByRole("button", { name: "Try again" }) !== null;
};

test("trying again is offered where it may help: not for what isn't there", () => {
  expect(offered(503)).toBe(true);
  cleanup();
  expect(offered(404)).toBe(false);
});
