import type { Person } from "../api/types.ts";
import { Icon } from "../ui/icons.tsx";

/** A person's name with the full claim in the tooltip. A name that was erased or altered isn't shown. */
export function PersonName({ person }: { person: Person }) {
  if (person.erased) return <span className="muted">erased</span>;
  if (person.altered) return <span className="muted">name altered</span>;
  return <span title={person.text ?? undefined}>{person.name || person.text || "unknown"}</span>;
}

/** The names of several people, each once. */
export function PeopleNames({ people }: { people: readonly Person[] }) {
  const unique = [...new Map(people.map((person) => [person.claim_id, person])).values()];
  if (unique.length === 0) return null;
  return (
    <span>
      <Icon name="person" size={13} />{" "}
      {unique.map((person, index) => (
        <span key={person.claim_id}>
          {index > 0 && ", "}
          <PersonName person={person} />
        </span>
      ))}
    </span>
  );
}
