/** Reads a message's body as its queue's schema says. Nothing of a body that does not fit is repeated in an error. */
import * as z from 'zod/mini';
import { IntegrationError } from '../errors.ts';

/** @throws IntegrationError `PROCESSING_FAILED`; the message then ends among the dead letters. */
export function parseMessage<Schema extends z.core.$ZodType>(
  schema: Schema,
  body: unknown,
): z.output<Schema> {
  const parsed = z.safeParse(schema, body);
  if (!parsed.success) {
    throw new IntegrationError('PROCESSING_FAILED', 'The body has none of the shapes that its queue knows.');
  }
  return parsed.data;
}

/**
 * The same for a body that was kept after its worker had failed, which may be anything.
 * @param text the body as it lay in the queue.
 * @returns nothing for a body that its worker could not read.
 */
export function readMessage<Schema extends z.core.$ZodType>(
  schema: Schema,
  text: string,
): z.output<Schema> | undefined {
  return z.safeParse(schema, parseJson(text)).data;
}

/** The refusal to send such a body to its queue again. */
export function unreadableMessage(): IntegrationError {
  return new IntegrationError(
    'INVALID_REQUEST',
    'This message has none of the shapes that its queue knows; no worker could read it.',
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
