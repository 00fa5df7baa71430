import type { PipelineCounts, PipelineOutcome } from "../api/types.ts";
import { plural } from "../format/plural.ts";
import type { Status } from "../ui/status.ts";

/** What can come of the file of a branch, in the order in which the page counts them, and how it says so. */
const SAID: Record<PipelineOutcome, (count: string, isOne: boolean) => string> = {
  read: (count, isOne) => `${count} built by ${isOne ? "its" : "their"} file`,
  rejected: (count) => `${count} with a file that is refused`,
  missing: (count) => `${count} without the file`,
  unread: (count) => `${count} not read yet`,
  excluded: (count) => `${count} whose files don't count`,
};

const OUTCOMES = Object.keys(SAID) as PipelineOutcome[];

export function isPipelineOutcome(value: unknown): value is PipelineOutcome {
  return typeof value === "string" && Object.hasOwn(SAID, value);
}

/** The outcomes that there are, each with the words for how many branches have it. */
export function countedOutcomes(counts: PipelineCounts): { outcome: PipelineOutcome; text: string }[] {
  return OUTCOMES.filter((outcome) => counts[outcome] > 0).map((outcome) => ({
    outcome,
    text: SAID[outcome](plural(counts[outcome], "branch", "branches"), counts[outcome] === 1),
  }));
}

export function outcomeStatus(outcome: PipelineOutcome): Status {
  if (outcome === "read") return "success";
  if (outcome === "rejected") return "exception";
  return outcome === "unread" ? "pending" : "skipped";
}
