/** Listens in on the application's inbox, so that a scene can show what Hawser sent to it. */

import type { Exchange } from './story.ts';
import type { Inbox } from './tenant/demo-inbox.ts';

/** One request that the inbox got. */
export interface Received {
  readonly type: string;
  /** The event's own id, the same each time it is sent. */
  readonly id: string;
  readonly event: Readonly<Record<string, unknown>>;
  readonly exchange: Exchange;
}

export function listenIn(
  inbox: Inbox,
  url: string,
): { readonly inbox: Inbox; readonly received: () => readonly Received[] } {
  const all: Received[] = [];
  return {
    inbox: {
      ...inbox,
      receive(headers, body) {
        const status = inbox.receive(headers, body);
        const text = body.toString('utf8');
        const event = { ...(JSON.parse(text) as object) } as Readonly<Record<string, unknown>>;
        const exchange = {
          by: 'hawser',
          method: 'POST',
          url,
          headers: new Headers(),
          body: text,
          status,
          answerHeaders: new Headers(),
          answer: '',
        };
        all.push({ type: String(event['type']), id: String(event['id']), event, exchange });
        return status;
      },
    },
    received: () => [...all],
  };
}
