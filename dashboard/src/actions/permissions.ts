import { useQuery } from "@tanstack/react-query";
import { uiConfigQuery } from "../api/queries.ts";
import { useAsOf } from "../state/as-of.ts";

export type Permission =
  | "build:force"
  | "build:stop"
  | "build:rebuild"
  | "request:cancel"
  | "request:prioritise";

/** Whether the reader may do something from this page: the server allows it, and the page isn't of the past. */
export function usePermissions(): (action: Permission) => boolean {
  const isPast = useAsOf() !== undefined;
  const permissions = useQuery({ ...uiConfigQuery, enabled: false }).data?.permissions;
  return (action) => !isPast && permissions?.[action] === true;
}
