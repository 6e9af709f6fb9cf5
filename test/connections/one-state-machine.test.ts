/** What keeps the state machine in one file, and expected failures out of exceptions. */
import { expect, it } from 'vitest';
import { readSourceFiles } from '../structure/source-files.ts';

const files = readSourceFiles();

it('assigns the status of a connection in transitions.ts only', () => {
  const assignment = /\bstatus: '(?:expiring|reconnect_required|disconnecting|misconfigured)'/;
  // Names the state that a caller of the API has to leave, and writes nothing.
  const named = ['lib/integrations/lifecycle/refresh-errors.ts'];

  const assigning = pathsWith(assignment).filter((path) => !named.includes(path));

  expect(assigning).toEqual(['lib/connections/transitions.ts']);
});

it('writes to connections through the loop of the store only', () => {
  expect(pathsWith(/\b(?:connections|store)\.(?:change|replace|create)\(/)).toEqual([]);
});

it('classifies none of our own errors by a set of codes', () => {
  const sets = pathsWith(/Set<string> = new Set\(\['[A-Z][A-Z_]+'/);

  expect(sets.filter((path) => path.startsWith('lib/') || path.startsWith('functions/'))).toEqual([]);
});

function pathsWith(pattern: RegExp): readonly string[] {
  return files.filter(({ text }) => pattern.test(text)).map(({ path }) => path);
}
