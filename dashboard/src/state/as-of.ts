import { useSearch } from "@tanstack/react-router";

/** The `?as_of=` of the URL: the ledger position (or moment) whose state every page shows. Undefined is the present. */
export type AsOf = string | undefined;

/** True for a ledger position, false for a moment such as `2026-11-22T10:15:00Z`. */
export function isPosition(asOf: string | number): boolean {
  return /^\d{1,16}$/.test(String(asOf));
}

/** The `as_of` that the current page shows. */
export function useAsOf(): AsOf {
  const { as_of } = useSearch({ strict: false }) as { as_of?: string | number };
  return as_of === undefined ? undefined : String(as_of);
}
