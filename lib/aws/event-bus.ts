/** Puts events on buses of EventBridge. An event is on the bus when the call answers without an error's name. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { transport, unlogged } from './clients.ts';

export interface BusEvent {
  /** Name or ARN of the bus. */
  readonly busName: string;
  readonly source: string;
  readonly type: string;
  readonly occurredAt: Date;
  /** JSON; never a secret in the clear. */
  readonly detail: object;
}

/** Answers what was wrong, as AWS names it; nothing when the bus took the event. */
export type PutEvent = (event: BusEvent) => Promise<string | undefined>;

/** EventBridge's limit for the type of an event, in characters. */
const longestType = 128;

export const createEventBridge = () => unlogged(new EventBridgeClient(transport));

export function openEventBus(client: EventBridgeClient): PutEvent {
  return async ({ busName, source, type, occurredAt, detail }) => {
    try {
      const { Entries = [] } = await client.send(
        new PutEventsCommand({
          Entries: [
            {
              EventBusName: busName,
              Source: source,
              DetailType: type.slice(0, longestType),
              Time: occurredAt,
              Detail: JSON.stringify(detail),
            },
          ],
        }),
      );
      const [entry] = Entries;
      if (entry?.EventId !== undefined) return undefined;
      return nameOf(entry?.ErrorCode);
    } catch (error) {
      return nameOf(error instanceof Error ? error.name : undefined);
    }
  };
}

/** Messages of AWS quote what was sent; names do not. */
function nameOf(text: string | undefined): string {
  return text !== undefined && /^\w{1,64}$/.test(text) ? text : 'Unknown';
}
