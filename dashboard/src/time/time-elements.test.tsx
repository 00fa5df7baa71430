// @vitest-environment happy-dom
import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { AsOfMoment } from "./clock.ts";
import { Duration, TimeAgo, TimeSince, Timestamp } from "./time-elements.tsx";

afterEach(cleanup);

const STARTED = "2020-02-03T10:00:00Z";
const LATER_MS = Date.parse("2020-02-03T10:02:05Z");

it("counts durations of the past by the clock of the moment that is shown", () => {
  const { container } = render(
    <AsOfMoment value={LATER_MS}>
      <Duration from={STARTED} />, <TimeAgo at={STARTED} />, <TimeSince at={STARTED} />
    </AsOfMoment>,
  );
  expect(container.textContent).toBe("2 m 05 s, 2 min ago, 2 min");
});

it("counts a running duration by the present's clock otherwise", () => {
  const from = new Date(Date.now() - 65_000).toISOString();
  const { container } = render(<Duration from={from} />);
  expect(container.textContent).toMatch(/^1 m 0[4-6] s$/);
});

it("shows how long something took when it has an end, whatever the clock says", () => {
  const { container } = render(
    <AsOfMoment value={LATER_MS}>
      <Duration from={STARTED} to="2020-02-03T10:00:12Z" />
    </AsOfMoment>,
  );
  expect(container.textContent).toBe("12 s");
});

it("gives a clock time its date on a page of the past, since today is another day", () => {
  const { container } = render(
    <AsOfMoment value={LATER_MS}>
      <Timestamp at={STARTED} />
    </AsOfMoment>,
  );
  expect(container.textContent).toMatch(/^\d Feb 2020 \d\d:\d\d$/);
  expect(container.querySelector("time")?.title).toMatch(/\(2 min ago\)$/);
});
