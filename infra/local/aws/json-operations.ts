/** The operations of a service that is served in this process: each parses its own input and answers with an object. */
import type * as z from 'zod';
import { AwsError } from './aws-error.ts';
import type { AwsCall, JsonObject } from './front/aws-call.ts';

export type Operation = (input: JsonObject) => JsonObject;

/** An operation whose input has passed its schema; `invalidCode` is what the service calls a bad input. */
export function operation<Input>(
  schema: z.ZodType<Input>,
  invalidCode: string,
  act: (input: Input) => JsonObject,
): Operation {
  return (input) => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return act(parsed.data);
    // Only the field's name: the value may be a secret.
    const field = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new AwsError(
      invalidCode,
      `1 validation error detected: Value at '${field}' failed to satisfy constraint.`,
    );
  };
}

/** Performs a call by name. */
export function perform(operations: ReadonlyMap<string, Operation>, call: AwsCall): JsonObject {
  const act = operations.get(call.operation);
  if (act === undefined) {
    throw new AwsError('UnknownOperationException', `${call.action} is not available on the local stack.`);
  }
  return act(call.input);
}
