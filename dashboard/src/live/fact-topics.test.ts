import { expect, it } from "vitest";
import { EVERYTHING, topicsOf } from "./fact-topics.ts";

it.each([
  ["build.finished.v1", { stream_id: "b1" }, ["build:b1", "home", "builders", "queue", "workers"]],
  ["build.step_locks_taken.v1", { stream_id: "b1" }, ["build:b1", "home", "queue", "locks"]],
  ["build.operation_started.v1", { stream_id: "b1" }, ["build:b1"]],
  ["log.opened.v1", { stream_id: "l1", data: { build_id: "b1" } }, ["log:l1", "build:b1"]],
  ["log.finished.v1", { stream_id: "l1", data: {} }, ["log:l1"]],
  ["request.submitted.v2", { stream_id: "r1" }, ["home", "queue", "builders"]],
  ["source.branch_moved.v1", undefined, ["changes"]],
  ["pipeline.read.v1", undefined, ["changes", "builders"]],
  ["config.applied.v1", {}, [EVERYTHING]],
  ["something.else.v1", {}, [EVERYTHING]],
])("knows what %s changes", (name, body, topics) => {
  expect(topicsOf(name, body)).toEqual(topics);
});
