import { expect, test } from "vitest";
import { countedOutcomes, isPipelineOutcome, outcomeStatus } from "./pipeline-outcomes.ts";

test("only what there is is counted, in words for one and for several", () => {
  const counts = { read: 2, rejected: 1, missing: 0, unread: 0, excluded: 1_204 };
  expect(countedOutcomes(counts)).toEqual([
    { outcome: "read", text: "2 branches built by their file" },
    { outcome: "rejected", text: "1 branch with a file that is refused" },
    { outcome: "excluded", text: "1,204 branches whose files don't count" },
  ]);
  expect(countedOutcomes({ ...counts, read: 1 })[0]?.text).toBe("1 branch built by its file");
});

test("an outcome in a URL is one of the API's", () => {
  expect(isPipelineOutcome("rejected")).toBe(true);
  expect(isPipelineOutcome("toString")).toBe(false);
  expect(isPipelineOutcome(undefined)).toBe(false);
});

test("a refused file stands out, one that isn't read yet waits", () => {
  expect(outcomeStatus("rejected")).toBe("exception");
  expect(outcomeStatus("unread")).toBe("pending");
  expect(outcomeStatus("missing")).toBe("skipped");
});
