/** Queues carry only the messages of their schema: the compiler refuses other producers, and a worker refuses other bodies. */
import { SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { queueNames } from '../../infra/topology.ts';
import { openQueue, type Queue } from '../../lib/aws/queue.ts';
import type { AccountId, ProviderId, TenantId } from '../../lib/ids.ts';
import type { ConnectedMessage, IncomingMessage } from '../../lib/messages/incoming.ts';
import type { JobMessage } from '../../lib/messages/jobs.ts';
import { parseMessage, readMessage } from '../../lib/messages/parse-message.ts';
import { queueMessages } from '../../lib/messages/queue-messages.ts';
import { type RefreshMessage, refreshMessage } from '../../lib/messages/refresh.ts';

const due: RefreshMessage = {
  kind: 'connection_due',
  tenantId: 'acme' as TenantId,
  provider: 'tiktok' as ProviderId,
  accountId: '42' as AccountId,
};

describe('the type of a queue', () => {
  it('rejects a producer that sends a wrong shape', () => {
    const wrong = (queue: Queue<RefreshMessage>) => [
      () => queue.send({ body: due, group: 'acme' }),
      // @ts-expect-error: a job is no connection that is due.
      () => queue.send({ body: { kind: 'run_job', jobId: 'job_1' }, group: 'acme' }),
      // @ts-expect-error: the tag is missing.
      () => queue.send({ body: { tenantId: due.tenantId, provider: due.provider }, group: 'acme' }),
      // @ts-expect-error: one id is passed where another is meant.
      () => queue.sendAll([{ body: { ...due, accountId: due.tenantId }, group: 'acme' }]),
    ];

    expect(wrong).toBeTypeOf('function');
  });

  it('rejects a queue of other messages, and one that carries fewer kinds than its producer sends', () => {
    expectTypeOf<Queue<JobMessage>>().not.toExtend<Queue<RefreshMessage>>();
    expectTypeOf<Queue<ConnectedMessage>>().not.toExtend<Queue<IncomingMessage>>();
    expectTypeOf<Queue<IncomingMessage>>().toExtend<Queue<ConnectedMessage>>();
  });

  it('rejects every message to a queue without a declared type', () => {
    const unnamed = openQueue(new SQSClient({ region: 'us-east-1' }), 'https://sqs.example/1/queue');

    expectTypeOf(unnamed).toEqualTypeOf<Queue<never>>();
  });
});

describe('the schemas of the queues', () => {
  it('cover every queue of the topology', () => {
    expect(Object.keys(queueMessages).toSorted()).toEqual(queueNames.toSorted());
  });

  it.each(Object.entries(queueMessages))(
    'accept no message without its discriminator: %s',
    (_queue, schema) => {
      const { kind: _tag, ...untagged } = { ...due, jobId: 'job_1' };

      expect(() => parseMessage(schema, untagged)).toThrow('none of the shapes that its queue knows');
    },
  );

  it.each(['not JSON', 'null', '[]', '{}', '{"kind":"run_job","jobId":"job_1"}'])(
    'reject a body of another shape: %s',
    (text) => {
      expect(readMessage(refreshMessage, text)).toBeUndefined();
    },
  );
});
