/** Records the requests to the application's inbox, so that a scene can print them. */

import type { Inbox } from './tenant/demo-inbox.ts';
import type { Exchange } from './transcript.ts';

/** One request to the inbox. */
export interface Received {
  readonly type: string;
  /** The event's id, which is the same in each delivery. */
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
