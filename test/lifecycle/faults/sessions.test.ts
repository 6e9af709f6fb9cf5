import { beforeEach, expect } from 'vitest';
import type { SealedConnection } from '../../../lib/connections/connection.ts';
import type { AccountId, AppId, ProviderId } from '../../../lib/ids.ts';
import { newConnectionId, newGrantId } from '../../../lib/ids.ts';
import { sealCredentials } from '../../../lib/integrations/platform/credentials.ts';
import { workConnection } from '../../../lib/integrations/worker/work-connection.ts';
import type { ProfileOutcome } from '../../../lib/providers/adapter/platform-adapter.ts';
import { definePlatform } from '../../../lib/providers/define-platform.ts';
import { Secret } from '../../../lib/telemetry/secret.ts';
import { lifecycleTest } from '../../support/fixtures/lifecycle.ts';
import type { LifecycleFixture } from '../../support/lifecycle/lifecycle-fixture.ts';
import { recordOf } from '../../support/lifecycle/steps.ts';
import { tenantId, user } from '../../support/lifecycle/tenant-at-platform.ts';

const account = { accountId: '42', displayName: 'Lena', metadata: {} };

let looks = 0;
let outcome: ProfileOutcome;

const lodge = definePlatform({
  data: {
    id: 'lodge',
    name: 'Lodge',
    kind: 'session',
    credentials: { fields: [{ id: 'cookie', label: 'Cookie' }], probeEverySeconds: 3_600 },
    probeUrl: 'https://lodge.example/me',
  },
  read: ({ cookie = '' }) => ({ kind: 'credentials', secret: new Secret(cookie), claimedAccount: '42' }),
  async look() {
    looks += 1;
    return outcome;
  },
});

const it = lifecycleTest({ furtherProviders: [lodge] });
it.beforeAll(async ({ lifecycle }) => {
  const { deps } = lifecycle.newInstance();
  await deps.apps.update('lodge' as AppId, () => ({
    appId: 'lodge' as AppId,
    provider: 'lodge' as ProviderId,
    clientId: 'lodge',
    secretId: 'none',
    settings: {},
  }));
});
beforeEach(() => {
  looks = 0;
  outcome = { kind: 'accounts', accounts: [account] };
});

it('two workers with the same message probe a session once', async ({ lifecycle }) => {
  const connection = await dueSession(lifecycle);

  const worked = await Promise.all([
    workConnection(lifecycle.newInstance().deps, connection),
    workConnection(lifecycle.newInstance().deps, connection),
  ]);

  expect(looks).toBe(1);
  expect(worked.toSorted()).toEqual(['postponed', 'probed']);
});

it('the worker publishes the end of a session once and stops probing it', async ({ lifecycle }) => {
  const connection = await dueSession(lifecycle);
  outcome = { kind: 'reconnect_required', reason: 'session_ended' };

  const worked = await workConnection(lifecycle.newInstance().deps, connection);
  lifecycle.time.advance(7_200_000);
  await workConnection(lifecycle.newInstance().deps, connection);

  expect(worked).toBe('ended');
  expect(looks).toBe(1);
  expect(await recordOf(lifecycle, connection)).toMatchObject({
    status: 'reconnect_required',
    statusReason: 'session_ended',
  });
  expect((await lifecycle.queues.events()).map(({ type }) => type)).toEqual([
    'connection.reconnect_required',
  ]);
});

it.for<ProfileOutcome>([
  { kind: 'retryable', reason: 'http_503' },
  { kind: 'unknown', reason: 'answer_lost' },
  { kind: 'misconfigured', reason: 'signing_refused' },
])('the worker does not end a session on the probe outcome "$kind"', async (said, { lifecycle }) => {
  const connection = await dueSession(lifecycle);
  outcome = said;

  const worked = await workConnection(lifecycle.newInstance().deps, connection);

  expect(worked).toBe('postponed');
  expect(looks).toBe(1);
  expect(await recordOf(lifecycle, connection)).toMatchObject({ status: 'active' });
});

async function dueSession(lifecycle: LifecycleFixture): Promise<SealedConnection> {
  const { deps } = lifecycle.newInstance();
  const now = lifecycle.time.now();
  const place = {
    id: newConnectionId(),
    tenantId,
    provider: 'lodge' as ProviderId,
    accountId: '42' as AccountId,
  };
  const sealer = await deps.vault.sealerFor(tenantId);
  const before = await deps.connections.get(tenantId, place.provider, place.accountId);
  if (before) await deps.connections.remove(before);
  const connection: SealedConnection = {
    ...place,
    userId: user,
    appId: 'lodge' as AppId,
    grantId: newGrantId(),
    platformUserId: '42',
    linking: 'confirmed',
    status: 'active',
    generation: 1,
    displayName: 'Lena',
    metadata: {},
    requestedScopes: [],
    scopes: [],
    tokenType: 'cookie',
    obtainedAt: now,
    refreshable: false,
    dueAt: now,
    connectedAt: now,
    updatedAt: now,
    sealed: sealCredentials(sealer, place, { accessToken: new Secret('s4ndb0x-cookie') }),
  };
  await deps.connections.create(connection);
  return connection;
}
