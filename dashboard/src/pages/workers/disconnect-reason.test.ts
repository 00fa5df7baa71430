import { expect, it } from "vitest";
import { disconnectReasonText } from "./disconnect-reason.ts";

it("says why a session ended", () => {
  expect(disconnectReasonText("goodbye")).toBe("the worker was stopped");
  expect(disconnectReasonText("silent")).toBe("no heartbeat");
});

it("shows a reason that it doesn't know as it is stored", () => {
  expect(disconnectReasonText("moved_away")).toBe("moved away");
});
