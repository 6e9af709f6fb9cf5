/** The people of every generated platform, and how an answer of its describes one. */
import type { SandboxAccount } from '../dialect.ts';
import { type Placed, place } from './data/answer-body.ts';
import type { AccountFacts, GeneratedPlatformFacts } from './data/facts.ts';
import type { Modes } from './modes.ts';

interface Person extends SandboxAccount {
  readonly id: string;
  readonly userId: string;
}

/** A name beyond ASCII, one with an apostrophe, and one without a picture. */
export const people: readonly Person[] = [
  {
    key: 'mira',
    id: '482910037001',
    userId: '77120001',
    name: 'Mira Ñandú',
    handle: 'mira.nandu',
    avatarColour: '#00695c',
  },
  {
    key: 'tomas',
    id: '482910037002',
    userId: '77120002',
    name: "Tomas O'Quay",
    handle: 'tomas.oquay',
    avatarColour: '#6a1b9a',
  },
  { key: 'plain', id: '482910037003', userId: '77120003', name: 'Plain Person', handle: 'plain.person' },
];

/** The platform's id of a person. Data that joins several values to one id gets as many, joined by a colon. */
export function subjectOf(facts: GeneratedPlatformFacts, key: string): string {
  const id = personOf(key)?.id ?? key;
  const path = (facts.profile ?? facts.tokenAccount ?? facts.idTokenAccount)?.account ?? 'id';
  const parts = (path.split('|')[0] ?? path).split('+').length;
  return [id, ...Array.from({ length: parts - 1 }, (_, index) => `${id}${index}`)].join(':');
}

export function personOf(key: string): Person | undefined {
  return people.find((person) => person.key === key);
}

export interface Described {
  readonly accountId: string;
  readonly key: string;
  readonly avatarUrl: string;
  readonly modes: Modes;
}

/** Everything that the data looks for in an answer about a person. */
export function describePerson(
  places: AccountFacts,
  { accountId, key, avatarUrl, modes }: Described,
): readonly Placed[] {
  const person = personOf(key);
  const { alternative } = modes;
  const isNumber =
    modes.accountIds === 'number' && places.accountIs === 'any' && /^\d{1,15}$/.test(accountId);
  const id = isNumber ? Number(accountId) : accountId;
  return [
    ...place(places.account, id, { alternative, joint: ':' }),
    ...place(places.platformUser, person?.userId, { alternative, joint: ':' }),
    ...place(places.name, person?.name, { alternative }),
    ...place(places.avatar, avatarUrl === '' ? undefined : avatarUrl, { alternative }),
    ...Object.entries(places.metadata).flatMap(([name, path]) =>
      place(path, `${name} of ${person?.handle}`, { alternative }),
    ),
  ];
}
