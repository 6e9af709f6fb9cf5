/** A delivery waits as a message that is sent again with a delay: a crash between sending and deleting duplicates it, within limits. */
import { expect, it } from 'vitest';
import { maxReceiveCount } from '../../infra/topology.ts';
import type { Message } from '../../lib/aws/queue.ts';
import { isEarly, keepWaiting, scheduleRetry } from '../../lib/deliveries/reschedule-delivery.ts';
import { maxDeliveryAttempts } from '../../lib/deliveries/retry-schedule.ts';
import type { TenantId } from '../../lib/ids.ts';
import { type DeliveryMessage, deliveryMessage } from '../../lib/messages/deliveries.ts';
import { parseMessage } from '../../lib/messages/parse-message.ts';

const tenantId = 'acme' as TenantId;
const first: DeliveryMessage = {
  kind: 'delivery',
  tenantId,
  destinationId: 'dst_1',
  event: { id: 'evt_1', type: 'a', tenantId, occurredAt: '2026-01-01T00:00:00.000Z', data: {} },
};

interface Shown {
  readonly delivery: DeliveryMessage;
  readonly at: number;
}

/** Plays a delivery that never succeeds to its end. Returns how many messages, last attempts and dead letters it produced. */
async function workOff(receivesOf: (message: number) => number) {
  let now = 0;
  let letters = 0;
  let messages = 0;
  let ends = 0;
  const sent: Message[] = [];
  const send = async (message: Message) => void sent.push(message);
  const queue = { send, sendAll: () => Promise.reject(new Error('Nobody calls it.')) };
  const deadLetters = {
    ...queue,
    send: async () => {
      letters += 1;
    },
  };
  const deps = { deliveries: queue, deadLetters, now: () => now, random: () => 0.5 };
  const shown: Shown[] = [{ delivery: first, at: 0 }];
  for (let next = shown.pop(); next; next = shown.pop()) {
    messages += 1;
    now = next.at;
    for (let receives = 1; receives <= receivesOf(messages); receives += 1) {
      const received = { receives, sentAt: next.at };
      if (isEarly(deps, next.delivery)) await keepWaiting(deps, next.delivery, received);
      else await scheduleRetry(deps, next.delivery, received);
    }
    if (sent.length === 0) ends += 1;
    for (const { body, delaySeconds = 0 } of sent.splice(0)) {
      shown.push({ delivery: parseMessage(deliveryMessage, body), at: now + delaySeconds * 1000 });
    }
  }
  return { messages, letters, ends };
}

it('a delivery that never succeeds replaces one message by the next and ends as one dead letter', async () => {
  const { messages, letters } = await workOff(() => 1);

  expect(letters).toBe(1);
  // Three days in steps of 15 minutes, plus the attempts.
  expect(messages).toBeLessThan(3.2 * 96 + maxDeliveryAttempts);
});

it('a delivery gains one more message with each crash of a worker', async () => {
  const { messages: usual } = await workOff(() => 1);

  const { messages, letters } = await workOff((message) => (message % 50 === 0 ? 2 : 1));

  expect(letters).toBeGreaterThan(1);
  expect(letters).toBeLessThanOrEqual(1 + messages / 50);
  expect(messages).toBeLessThan(usual * letters);
});

it('the messages of a delivery do not multiply even if every worker crashes after every message', async () => {
  const { messages: usual } = await workOff(() => 1);

  const { letters, ends } = await workOff(() => maxReceiveCount);

  // One copy for each original message, and no copy of a copy.
  expect(ends).toBeLessThanOrEqual(usual);
  expect(letters).toBeLessThanOrEqual(2 * usual);
});
