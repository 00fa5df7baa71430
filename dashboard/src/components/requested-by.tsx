import type { Actor } from "../api/types.ts";
import { ActorName } from "./actor-name.tsx";

/** " by" whom, behind the reason of a build that a person asked for; nothing where a part of the server did. */
export function RequestedBy({ actor }: { actor: Actor }) {
  if (actor.kind !== "user") {
    return null;
  }
  return (
    <>
      {" by "}
      <ActorName actor={actor} />
    </>
  );
}
