/** Who is connected now: how many, and those that the table of members does not have, such as keys. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { components } from "../../api/schema";
import { Reading } from "../acting/reading";
import type { Member, Present } from "./use-people";
import "../../ui/status.css";

type Presence = components["schemas"]["PresenceAnswer"];

interface Props {
  presence: UseQueryResult<Presence>;
  /** The members whose presence is shown elsewhere. */
  known: readonly Member[] | undefined;
}

export function Here({ presence, known = [] }: Props) {
  const ids = new Set(known.map((member) => member.id));
  return (
    <section className="people-here" aria-labelledby="people-here">
      <h2 id="people-here">Here now</h2>
      <Reading of={presence} rows={1}>
        {({ users }) => (
          <>
            <p>{countOf(users)}</p>
            <ul>
              {users
                .filter((each) => !ids.has(each.userId))
                .map((each) => (
                  <li key={each.userId}>
                    <HereMark sockets={each.sockets} /> <bdi>{each.name ?? each.userId}</bdi>{" "}
                    <span className="field-hint">{each.userId.startsWith("key:") ? "API key" : each.role}</span>
                  </li>
                ))}
            </ul>
          </>
        )}
      </Reading>
    </section>
  );
}

/** That somebody is here, and in how many tabs or programs. */
export function HereMark({ sockets }: { sockets: number }) {
  return (
    <span className="status" data-tone="green">
      <span className="status-glyph" aria-hidden="true">
        ●
      </span>
      Here{sockets > 1 && ` × ${sockets}`}
    </span>
  );
}

function countOf(users: readonly Present[]): string {
  const keys = users.filter((each) => each.userId.startsWith("key:")).length;
  const people = users.length - keys;
  const words = `${people} ${people === 1 ? "person" : "people"}`;
  return keys === 0 ? words : `${words}, ${keys} ${keys === 1 ? "key" : "keys"}`;
}
