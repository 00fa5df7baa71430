import { expect, it } from "vitest";
import { RefetchScheduler } from "./refetch-scheduler.ts";

function setUp() {
  const frames: (() => void)[] = [];
  const pauses: (() => void)[] = [];
  const fetches: { topic: string; end: () => void }[] = [];
  const scheduler = new RefetchScheduler(
    (topic) => new Promise<void>((resolve) => fetches.push({ topic, end: resolve })),
    {
      nextFrame: (action) => frames.push(action),
      pause: () => new Promise((resolve) => pauses.push(resolve)),
    },
  );
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  const frame = () => frames.splice(0).forEach((action) => void action());
  return { scheduler, frames, pauses, fetches, frame, settle };
}

it("refetches each topic once for all the facts of a frame", () => {
  const { scheduler, frames, fetches, frame } = setUp();
  scheduler.markStale(["home", "build:1"]);
  scheduler.markStale(["home"]);
  expect(frames).toHaveLength(1);
  frame();
  expect(fetches.map((fetch) => fetch.topic)).toEqual(["home", "build:1"]);
});

it("neither restarts a running refetch nor loses the facts that came meanwhile", async () => {
  const { scheduler, pauses, fetches, frame, settle } = setUp();
  scheduler.markStale(["home"]);
  frame();
  for (let fact = 0; fact < 400; fact += 1) scheduler.markStale(["home"]);
  frame();
  expect(fetches).toHaveLength(1);
  fetches[0]?.end();
  await settle();
  frame();
  expect(fetches).toHaveLength(1);
  pauses[0]?.();
  await settle();
  frame();
  expect(fetches).toHaveLength(2);
});

it("refetches one topic while another is being refetched", () => {
  const { scheduler, fetches, frame } = setUp();
  scheduler.markStale(["home"]);
  frame();
  scheduler.markStale(["queue"]);
  frame();
  expect(fetches.map((fetch) => fetch.topic)).toEqual(["home", "queue"]);
});
