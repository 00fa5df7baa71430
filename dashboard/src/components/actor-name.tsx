import type { Actor } from "../api/types.ts";

/** Who asked for something: a person by name, a part of the server by what it is. */
export function ActorName({ actor }: { actor: Actor }) {
  return <span title={actor.id}>{actorText(actor)}</span>;
}

function actorText({ kind, id, label }: Actor): string {
  switch (kind) {
    case "user":
      return label;
    case "worker":
      return `worker ${label}`;
    case "poller":
      return `the poller of ${label}`;
    case "reactor":
      return id === "reactor:triggering" ? "the trigger" : "the server";
    case "system":
      return "the server";
  }
}
