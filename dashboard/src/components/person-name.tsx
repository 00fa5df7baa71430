import type { Actor, Person } from "../api/types.ts";
import { Icon } from "../ui/icons.tsx";

/** Somebody by name; the whole claim in the tooltip. Erased words are said to be erased, not shown as nothing. */
export function PersonName({ person }: { person: Person }) {
  if (person.erased) return <span className="muted">erased</span>;
  return <span title={person.text ?? undefined}>{personText(person)}</span>;
}

export function personText(person: Person): string {
  return person.name || person.text || "unknown";
}

/** Names in a row, the first few of many. */
export function PeopleNames({ people, more = 0 }: { people: readonly Person[]; more?: number }) {
  const unique = people.filter(
    (person, at) => people.findIndex((other) => other.claim_id === person.claim_id) === at,
  );
  if (unique.length === 0) return null;
  return (
    <span className="people">
      <Icon name="person" size={13} />{" "}
      {unique.map((person, at) => (
        <span key={person.claim_id}>
          {at > 0 && ", "}
          <PersonName person={person} />
        </span>
      ))}
      {more > 0 && <span className="muted"> and {more} more commits</span>}
    </span>
  );
}

export function ActorName({ actor }: { actor: Actor }) {
  return <span title={actor.id}>{actor.label}</span>;
}
