/**
 * The variables of a connection, such as the shop that it is at: which ones a user enters, and whether what they entered
 * looks as the definition says. Only checked values ever reach a URL.
 */
import type { Values } from './adapter/fill.ts';
import type { ProviderData } from './definition/provider-data.ts';

export type VariablesReading =
  | { readonly kind: 'variables'; readonly values: Values }
  /** Names of the variables that are missing, unknown or malformed. */
  | { readonly kind: 'malformed'; readonly names: readonly string[] };

type Fields = Pick<ProviderData, 'connectionFields'>;

/**
 * The values of the variables that a user enters at `connect`.
 * @param before those of the connection that is reconnected, which the request need not repeat.
 */
export function readVariables(data: Fields, given: Values, before: Values = {}): VariablesReading {
  const entered = enteredFields(data);
  const unknown = Object.keys(given).filter((name) => !entered.some(([known]) => known === name));
  const values = entered.map(([name, field]): [string, string] => [
    name,
    ownValue(given, name) ?? ownValue(before, name) ?? field.default ?? '',
  ]);
  const patterns = new Map(entered.map(([name, { pattern }]) => [name, new RegExp(pattern)]));
  const malformed = values.filter(([name, value]) => !patterns.get(name)?.test(value)).map(([name]) => name);
  const names = [...malformed, ...unknown];
  return names.length > 0
    ? { kind: 'malformed', names }
    : { kind: 'variables', values: Object.fromEntries(values) };
}

/** The variables that a user enters; the others arrive with the callback or the token answer. */
export function enteredFields({ connectionFields }: Fields) {
  return Object.entries(connectionFields).filter(([, field]) => field.from === undefined);
}

function ownValue(values: Values, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
