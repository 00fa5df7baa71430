import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { asOfMomentQuery } from "../api/queries.ts";
import { useAsOf } from "../state/as-of.ts";
import { AsOfMoment } from "./clock.ts";

/** Stops the clock of a page of the past at the moment it shows, so that a build that ran then isn't counted until today. */
export function AsOfClock({ children }: { children: ReactNode }) {
  const asOf = useAsOf();
  const { data } = useQuery({ ...asOfMomentQuery(asOf), enabled: asOf !== undefined });
  const recordedAt = asOf === undefined ? undefined : data?.items[0]?.recorded_at;
  return (
    <AsOfMoment value={recordedAt === undefined ? undefined : Date.parse(recordedAt)}>{children}</AsOfMoment>
  );
}
