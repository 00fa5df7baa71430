import { Link } from "@tanstack/react-router";
import type { Change } from "../api/types.ts";

/** The first line of a commit's message, as a link to the page that says whether it was built. */
export function ChangeLink({ change: { id, erased, subject } }: { change: Change }) {
  return (
    <Link to="/changes/$change" params={{ change: id }}>
      {erased ? "message erased" : subject || "no message"}
    </Link>
  );
}
