/** Conditions: names and values are bound as placeholders, never written into the expression. */
import { describe, expect, it } from 'vitest';
import { absent, allOf, anyOf, Bindings, equals, exists, greaterThan } from '../../lib/table/condition.ts';

describe('a condition', () => {
  it('binds every name and value', () => {
    const bind = new Bindings();

    const expression = allOf(
      equals('status', 'held'),
      greaterThan('heldUntil', 5),
      anyOf(absent('size'), exists('name')),
    )(bind);

    expect(expression).toBe(
      '#status = :v0 AND #heldUntil > :v1 AND (attribute_not_exists(#size) OR attribute_exists(#name))',
    );
    expect(bind.names).toEqual({
      '#status': 'status',
      '#heldUntil': 'heldUntil',
      '#size': 'size',
      '#name': 'name',
    });
    expect(bind.values).toEqual({ ':v0': 'held', ':v1': 5 });
  });

  it('keeps a hostile value out of the expression', () => {
    const bind = new Bindings();

    const expression = equals('status', "x' OR attribute_exists(pk)")(bind);

    expect(expression).toBe('#status = :v0');
    expect(bind.values).toEqual({ ':v0': "x' OR attribute_exists(pk)" });
  });

  it('uses one placeholder for a name that appears twice', () => {
    const bind = new Bindings();

    const expression = anyOf(absent('by'), equals('by', 'me'))(bind);

    expect(expression).toBe('(attribute_not_exists(#by) OR #by = :v0)');
    expect(Object.keys(bind.names)).toEqual(['#by']);
  });
});
