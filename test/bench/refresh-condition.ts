/**
 * Judges a condition of a write as DynamoDB does, for a store that has no DynamoDB. It knows what the product's own
 * conditions are made of and refuses everything else.
 */
import { Bindings, type Condition } from '../../lib/table/condition.ts';
import type { Item } from '../../lib/table/table.ts';

/** Whether a condition holds for an item, or for none. @throws Error for an expression that is not understood. */
export function holds(condition: Condition, item: Item | undefined): boolean {
  const bind = new Bindings();
  const words = wordsOf(condition(bind));
  let at = 0;
  const found = anyOf();
  if (at !== words.length) throw notUnderstood(words.slice(at));
  return found;

  /** `OR` binds loosest. Both sides are always read, whatever the first one says. */
  function anyOf(): boolean {
    let some = allOf();
    while (words[at] === 'OR') {
      at += 1;
      const next = allOf();
      some ||= next;
    }
    return some;
  }

  function allOf(): boolean {
    let every = one();
    while (words[at] === 'AND') {
      at += 1;
      const next = one();
      every &&= next;
    }
    return every;
  }

  function one(): boolean {
    const word = words[at] ?? '';
    at += 1;
    if (word === '(') {
      const inner = anyOf();
      expectWord(')');
      return inner;
    }
    if (word === 'attribute_exists' || word === 'attribute_not_exists') {
      expectWord('(');
      const present = attribute() !== undefined;
      expectWord(')');
      return present === (word === 'attribute_exists');
    }
    at -= 1;
    const left = attribute();
    const operator = words[at] ?? '';
    const right = bind.values[words[at + 1] ?? ''];
    at += 2;
    return compare(left, operator, right);
  }

  function attribute(): unknown {
    const name = bind.names[words[at] ?? ''];
    if (name === undefined) throw notUnderstood(words.slice(at));
    at += 1;
    return item?.[name];
  }

  function expectWord(wanted: string): void {
    if (words[at] !== wanted) throw notUnderstood(words.slice(at));
    at += 1;
  }
}

/** The same few conditions come again and again. */
const known = new Map<string, readonly string[]>();

function wordsOf(expression: string): readonly string[] {
  const words = known.get(expression) ?? expression.match(word) ?? [];
  known.set(expression, words);
  return words;
}

const word = /attribute_not_exists|attribute_exists|AND|OR|[#:]\w+|<=|[<>=()]|\S+/g;

/** What is not there, or is of another type, compares to nothing. */
function compare(left: unknown, operator: string, right: unknown): boolean {
  if (operator === '=') return left !== undefined && left === right;
  if (typeof left !== 'number' || typeof right !== 'number') return false;
  switch (operator) {
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    default:
      throw notUnderstood([operator]);
  }
}

function notUnderstood(words: readonly string[]): Error {
  return new Error(`A condition has a part that is not understood here: ${words.join(' ')}`);
}
