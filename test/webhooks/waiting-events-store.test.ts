/** The store of events that wait for a connection, on both engines: it returns any number of them in order of arrival. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { AccountId, AppId, ProviderId } from '../../lib/ids.ts';
import type { WebhookEventMessage } from '../../lib/messages/incoming.ts';
import type { Table } from '../../lib/table/table.ts';
import { createWaitingEvents, type WaitingEvents } from '../../lib/webhooks/waiting-events.ts';
import { onEachEngine } from '../table/engines.ts';

const appId = 'tiktok' as AppId;
const account = 'mira' as AccountId;
const noon = Date.UTC(2026, 10, 20, 12);

onEachEngine((engine) => {
  let now: number;
  let table: Table;
  let waiting: WaitingEvents;

  beforeEach(async () => {
    now = noon;
    table = await engine.newTable();
    waiting = createWaitingEvents(table, () => now);
  });

  const eventAt = (receivedAt: number, id: string, changes: Partial<WebhookEventMessage['event']> = {}) => ({
    kind: 'webhook_event' as const,
    appId,
    provider: 'tiktok' as ProviderId,
    receivedAt,
    event: { id, type: 'told', effect: 'none' as const, accountId: account, data: {}, ...changes },
  });
  async function idsSince(receivedAt: number, place: string = account): Promise<readonly string[]> {
    const ids: string[] = [];
    for await (const messages of waiting.listSince(appId, place, receivedAt)) {
      ids.push(...messages.map(({ event }) => event.id));
    }
    return ids;
  }

  it('waiting events are returned in order of arrival, without events received before the given time', async () => {
    await waiting.add(eventAt(noon - 1, 'a'));
    await waiting.add(eventAt(noon + 1, 'b'));
    await waiting.add(eventAt(noon, 'd'));
    await waiting.add(eventAt(noon, 'c'));

    expect(await idsSince(noon)).toEqual(['c', 'd', 'b']);
  });

  it('waiting events are returned completely, even if there are hundreds, after hundreds of earlier ones', async () => {
    const times = Array.from({ length: 460 }, (_, index) => noon - 230 + index);
    await Promise.all(times.map((time) => waiting.add(eventAt(time, `e${time - noon}`))));

    const ids = await idsSince(noon);

    expect(ids).toEqual(Array.from({ length: 230 }, (_, index) => `e${index}`));
  });

  it('waiting events are returned separately for an account and for a platform user', async () => {
    await waiting.add(eventAt(noon, 'both', { platformUserId: 'greta' }));
    await waiting.add(eventAt(noon, 'account'));

    expect(await idsSince(noon)).toEqual(['account', 'both']);
    expect(await idsSince(noon, 'greta')).toEqual(['both']);
    expect(await idsSince(noon, 'nobody')).toEqual([]);
  });

  it('waiting events expire after 24 hours', async () => {
    await waiting.add(eventAt(noon, 'a'));
    now = noon + 86_400_000;

    expect(await idsSince(noon)).toEqual([]);
  });

  it('a waiting event is stored once, however often it arrives', async () => {
    await waiting.add(eventAt(noon, 'a'));
    await waiting.add(eventAt(noon, 'a'));

    expect(await idsSince(noon)).toEqual(['a']);
  });

  describe('waiting events, when deleted,', () => {
    it('disappear up to a given time, while later ones and those of other accounts remain', async () => {
      const times = Array.from({ length: 120 }, (_, index) => noon - 119 + index);
      await Promise.all(times.map((time) => waiting.add(eventAt(time, `e${time}`))));
      await waiting.add(eventAt(noon + 1, 'later'));
      await waiting.add(eventAt(noon - 1, 'other', { accountId: 'jose' as AccountId }));

      await waiting.deleteBefore(appId, account, noon);

      expect(await idsSince(0)).toEqual(['later']);
      expect(await idsSince(0, 'jose')).toEqual(['other']);
    });
  });
});
