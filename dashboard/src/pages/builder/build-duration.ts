import type { Build } from "../../api/types.ts";

/** How long a build took, in milliseconds; 0 while it is running. */
export function buildDuration({ assigned_at, finished_at }: Build): number {
  return finished_at ? Date.parse(finished_at) - Date.parse(assigned_at) : 0;
}
