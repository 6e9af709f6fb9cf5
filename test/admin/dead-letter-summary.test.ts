import { describe, expect, it } from 'vitest';
import { idsIn, summaryOf } from '../../lib/admin/failures/dead-letter-summary.ts';

const event = {
  id: 'evt_1',
  type: 'connection.refreshed',
  tenantId: 'acme',
  occurredAt: '2026-01-01T00:00:00.000Z',
  accountId: 'account-1',
  data: { status: 'active', note: 'private' },
};

describe('summaryOf', () => {
  it('names the ids inside the envelope of a message of the events queue', () => {
    const summary = summaryOf(JSON.stringify({ kind: 'connection_event', event }));

    expect(idsIn(summary)).toEqual([
      ['kind', 'connection_event'],
      ['event.id', 'evt_1'],
      ['event.type', 'connection.refreshed'],
      ['event.tenantId', 'acme'],
      ['event.occurredAt', '2026-01-01T00:00:00.000Z'],
      ['event.accountId', 'account-1'],
    ]);
  });

  it('masks what an enveloped event says and who it is about at the platform', () => {
    const body = JSON.stringify({
      kind: 'webhook_event',
      event: { ...event, platformUserId: 'person-1' },
      connection: { id: 'con_1', secret: 'private' },
    });

    const summary = summaryOf(body);

    expect(summary).toMatchObject({
      'event.data': '[masked]',
      'event.platformUserId': '[masked]',
      'connection.id': 'con_1',
      'connection.secret': '[masked]',
    });
    expect(JSON.stringify(summary)).not.toMatch(/private|person-1/);
  });

  it('masks an envelope that is not an object', () => {
    expect(summaryOf('{"kind":"connection_event","event":"private"}')).toEqual({
      kind: 'connection_event',
      event: '[masked]',
    });
  });
});
