/** Conditions of single-item writes, as values that compose. Names and values are always bound, never spliced into the expression. */
import type { NativeAttributeValue } from '@aws-sdk/util-dynamodb';

/** Collects the bound names and values of one request. */
export class Bindings {
  readonly names: Record<string, string> = {};
  readonly values: Record<string, NativeAttributeValue> = {};

  name(name: string): string {
    const placeholder = `#${name}`;
    this.names[placeholder] = name;
    return placeholder;
  }

  value(value: NativeAttributeValue): string {
    const placeholder = `:v${Object.keys(this.values).length}`;
    this.values[placeholder] = value;
    return placeholder;
  }
}

/** A condition on the item as it stands, evaluated by DynamoDB in the same step as the write. */
export type Condition = (bindings: Bindings) => string;

export const exists =
  (name: string): Condition =>
  (bind) =>
    `attribute_exists(${bind.name(name)})`;
export const absent =
  (name: string): Condition =>
  (bind) =>
    `attribute_not_exists(${bind.name(name)})`;
export const equals =
  (name: string, value: NativeAttributeValue): Condition =>
  (bind) =>
    `${bind.name(name)} = ${bind.value(value)}`;
export const greaterThan =
  (name: string, value: number): Condition =>
  (bind) =>
    `${bind.name(name)} > ${bind.value(value)}`;
export const lessThan =
  (name: string, value: number): Condition =>
  (bind) =>
    `${bind.name(name)} < ${bind.value(value)}`;
export const atMost =
  (name: string, value: number): Condition =>
  (bind) =>
    `${bind.name(name)} <= ${bind.value(value)}`;
export const allOf =
  (...conditions: readonly Condition[]): Condition =>
  (bind) =>
    conditions.map((condition) => condition(bind)).join(' AND ');
export const anyOf =
  (...conditions: readonly Condition[]): Condition =>
  (bind) =>
    `(${conditions.map((condition) => condition(bind)).join(' OR ')})`;
/** For the operator's own records, where the last word counts. */
export const unconditional: Condition = anyOf(exists('pk'), absent('pk'));
