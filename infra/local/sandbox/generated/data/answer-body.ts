/** Builds the JSON of an answer from the paths under which a provider's data expects each value. */
export type Placed = readonly [path: string, value: unknown];

/**
 * Where a value goes. Of `a|b` one alternative is filled, and over `a+b` the value is spread, parted at the joint.
 */
export function place(
  path: string | undefined,
  value: unknown,
  how: { readonly alternative?: 'first' | 'last'; readonly joint?: string } = {},
): readonly Placed[] {
  if (path === undefined || value === undefined) return [];
  const alternatives = path.split('|');
  const chosen = (how.alternative === 'last' ? alternatives.at(-1) : alternatives[0]) ?? path;
  const members = chosen.split('+');
  if (members.length === 1 || typeof value !== 'string') return [[chosen.split('+')[0] ?? chosen, value]];
  const joint = how.joint ?? ' ';
  const pieces = value.split(joint);
  return members.map((member, index) => [
    member,
    index === members.length - 1 ? pieces.slice(index).join(joint) : (pieces[index] ?? ''),
  ]);
}

/** The path beside another one, in the same object. */
export function besides(path: string, name: string): string {
  return [...(path.split('|')[0] ?? '').split('.').slice(0, -1), name].join('.');
}

/** One body of all values; of two at the same path the first stays. Names that are all numbers make a list. */
export function bodyOf(placed: readonly Placed[]): unknown {
  return assemble(placed.map(([path, value]) => ({ rest: path.split('.'), value })));
}

interface Piece {
  readonly rest: readonly string[];
  readonly value: unknown;
}

function assemble(pieces: readonly Piece[]): unknown {
  const [first] = pieces;
  if (first?.rest.length === 0) return first.value;
  const members = new Map<string, Piece[]>();
  for (const { rest, value } of pieces) {
    const [name, ...further] = rest;
    if (name === undefined) continue;
    members.set(name, [...(members.get(name) ?? []), { rest: further, value }]);
  }
  const entries = [...members].map(([name, inside]) => [name, assemble(inside)] as const);
  const isList = entries.length > 0 && entries.every(([name]) => /^\d+$/.test(name));
  if (!isList) return Object.fromEntries(entries);
  const list: unknown[] = [];
  for (const [index, value] of entries) list[Number(index)] = value;
  return Array.from(list, (value) => value ?? null);
}
