import { Link } from "@tanstack/react-router";
import type { DefinitionPlace } from "../api/types.ts";
import { TimeAgo } from "../time/time-elements.tsx";
import { Revision } from "./revision.tsx";

/** A branch and the revision of it whose file defines a builder, as a link to the commit. */
export function PlaceLink({ place: { branch, revision, change_id, at } }: { place: DefinitionPlace }) {
  return (
    <>
      {branch} at{" "}
      <Link to="/changes/$change" params={{ change: change_id }}>
        <Revision revision={revision} />
      </Link>
      , <TimeAgo at={at} />
    </>
  );
}
