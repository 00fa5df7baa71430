import { expect, it } from "vitest";
import { addressText, connectionState, disconnectReasonText } from "./connection-state.ts";

it("says why a session ended", () => {
  expect(disconnectReasonText("goodbye")).toBe("the worker was stopped");
  expect(disconnectReasonText("silent")).toBe("no heartbeat");
});

it("shows a reason that it doesn't know as it is stored", () => {
  expect(disconnectReasonText("moved_away")).toBe("moved away");
});

it("shows from where a worker came as people write it", () => {
  expect(addressText("ipv4:127.0.0.1:57418")).toBe("127.0.0.1:57418");
  expect(addressText("ipv6:%5B::1%5D:57418")).toBe("[::1]:57418");
  expect(addressText("unix:/run/worker.sock")).toBe("unix:/run/worker.sock");
});

it.each([
  ["a worker that was stopped", "disconnected", "goodbye", "worker", "stopped"],
  ["one that was stopped longer ago than its lease", "lost", "goodbye", null, "stopped"],
  ["one that ends its builds first", "connected", "", "worker", "stopping, connected"],
  ["one that a person has paused", "connected", "", "person", "connected"],
  ["one whose connection broke", "disconnected", "stream_ended", null, "disconnected"],
  ["one that stayed away", "lost", "silent", null, "lost"],
] as const)("says how %s is", (_, status, disconnect_reason, paused_by, label) => {
  expect(connectionState({ status, disconnect_reason, paused_by }).label).toBe(label);
});
