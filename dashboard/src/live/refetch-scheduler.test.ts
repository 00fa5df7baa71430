import { expect, it } from "vitest";
import { RefetchScheduler } from "./refetch-scheduler.ts";

function setUp() {
  const frames: (() => void)[] = [];
  const pauses: (() => void)[] = [];
  const fetches: { topic: string; end: () => void }[] = [];
  const refresher = new RefetchScheduler(
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
  return { refresher, frames, pauses, fetches, frame, settle };
}

it("refetches each topic once for all the facts of a frame", () => {
  const { refresher, frames, fetches, frame } = setUp();
  refresher.markStale(["home", "build:1"]);
  refresher.markStale(["home"]);
  expect(frames).toHaveLength(1);
  frame();
  expect(fetches.map((fetch) => fetch.topic)).toEqual(["home", "build:1"]);
});

it("neither restarts a refetch under way nor forgets the facts that came meanwhile", async () => {
  const { refresher, pauses, fetches, frame, settle } = setUp();
  refresher.markStale(["home"]);
  frame();
  for (let fact = 0; fact < 400; fact += 1) refresher.markStale(["home"]);
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

it("lets a busy topic not hold up another", () => {
  const { refresher, fetches, frame } = setUp();
  refresher.markStale(["home"]);
  frame();
  refresher.markStale(["queue"]);
  frame();
  expect(fetches.map((fetch) => fetch.topic)).toEqual(["home", "queue"]);
});
