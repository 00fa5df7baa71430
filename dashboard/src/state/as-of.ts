import { useSearch } from "@tanstack/react-router";

/** The past that every page shows: a ledger position or a moment. Undefined is the present. */
export type AsOf = string | undefined;

export function isPosition(asOf: string | number): boolean {
  return /^\d{1,16}$/.test(String(asOf));
}

export function useAsOf(): AsOf {
  const { as_of } = useSearch({ strict: false }) as { as_of?: string | number };
  return as_of === undefined ? undefined : String(as_of);
}
