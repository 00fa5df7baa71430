import { useQuery } from "@tanstack/react-query";
import { uiConfigQuery } from "../api/queries.ts";
import { useAsOf } from "../state/as-of.ts";

type Permission =
  | "build:force"
  | "build:stop"
  | "build:rebuild"
  | "request:cancel"
  | "request:prioritise"
  | "config:rollback";

/** Says whether an action is possible on this page: the server permits it, and the page doesn't show the past. */
export function usePermissions(): (permission: Permission) => boolean {
  const isPast = useAsOf() !== undefined;
  const permissions = useQuery({ ...uiConfigQuery, enabled: false }).data?.permissions;
  return (permission) => !isPast && permissions?.[permission] === true;
}
