import { eventually } from '../support/eventually.ts';
import { accountOf, connectAccount } from '../support/stack/flow-steps.ts';
import type { RawItem } from '../support/stack/raw-tables.ts';
import { outcomeOf } from './flow-permissions.ts';
import type { Probe, ProbeFixture } from './withheld-permissions.ts';

type TokenFunction = 'token' | 'refresh' | 'disconnect';

const routeOf = { token: 'getToken', refresh: 'refreshToken', disconnect: 'disconnect' } as const;

/** What to do to a connection before the function runs and while it runs. */
interface Circumstance {
  readonly before?: (kit: ProbeFixture, record: RawItem) => Promise<unknown>;
  readonly meanwhile?: (kit: ProbeFixture, record: RawItem) => Promise<unknown>;
}

const on = (functionName: TokenFunction, { before, meanwhile }: Circumstance = {}): Probe['prepare'] => {
  return async (kit) => {
    const tenant = await kit.newTenant();
    const user = tenant.user('ada');
    const { connection } = await connectAccount(kit.stack, { user, provider: 'tiktok' });
    const record = await kit.stack.tables.connection(connection.id);
    await before?.(kit, record);
    return async () => {
      const [answer] = await Promise.all([
        tenant.client.send(routeOf[functionName], accountOf(user, connection)),
        meanwhile?.(kit, record),
      ]);
      return outcomeOf(answer);
    };
  };
};

const expire = ({ stack }: ProbeFixture, record: RawItem) =>
  stack.tables.change('connections', record, { expiresAt: Date.now() - 1 });

const tiktok = ({ stack }: ProbeFixture) => stack.local.platforms.sandboxes.tiktok;

/** The person has removed the app, which the platform reports only on a refresh. */
const removeApp = async (kit: ProbeFixture, record: RawItem) => {
  await expire(kit, record);
  tiktok(kit).control({ command: 'kill_grants' });
};

/** The platform is down, and its back-off is running. */
const goDown = async (kit: ProbeFixture, record: RawItem) => {
  await expire(kit, record);
  const fault = { kind: 'status', status: 500, body: 'json' } as const;
  tiktok(kit).control({ command: 'inject', endpoint: 'token', calls: 1, fault });
};

/** Another instance stores newer credentials while the platform is slow to respond. */
const overtaken: Circumstance = {
  before: async (kit, record) => {
    await expire(kit, record);
    const fault = { kind: 'delay', milliseconds: 2_500 } as const;
    tiktok(kit).control({ command: 'inject', endpoint: 'token', calls: 1, fault });
  },
  meanwhile: async (kit, record) => {
    const { stack } = kit;
    await eventually(() => tiktok(kit).calls().tokenCallsInFlight > 0);
    await stack.tables.change('connections', record, { generation: 2, expiresAt: Date.now() + 3_600_000 });
  },
};

/** The refreshed credentials cannot be stored. */
const unstorable = (functionName: TokenFunction): Circumstance => ({
  before: async (kit, record) => {
    await expire(kit, record);
    kit.failAws(
      ({ principal, action, body }) =>
        principal === `LOCAL-${functionName}` &&
        action === 'dynamodb:UpdateItem' &&
        JSON.stringify(body).includes('"generation"') &&
        JSON.stringify(body).includes('"sealed"'),
    );
  },
});

/** The probes that serving and refreshing share. A requested refresh needs no expired token. */
function refreshProbes(functionName: 'token' | 'refresh'): Readonly<Record<string, Probe>> {
  const expired = on(functionName, { before: expire });
  const name = (right: string) => `${functionName} ${right}`;
  return {
    [name('dynamodb:GetItem connections')]: { prepare: on(functionName), outcome: 'DATABASE_ERROR' },
    [name('dynamodb:Query connections')]: { prepare: on(functionName), outcome: 'DATABASE_ERROR' },
    [name('kms:Decrypt vaultKey')]: { prepare: on(functionName), outcome: 'VAULT_ERROR' },
    [name('secretsmanager:GetSecretValue appSecrets')]: { prepare: expired, outcome: 'VAULT_ERROR' },
    [name('dynamodb:PutItem activity')]: { prepare: expired, outcome: 'DATABASE_ERROR' },
    [name('dynamodb:GetItem activity')]: {
      prepare: on(functionName, { before: removeApp }),
      outcome: 'DATABASE_ERROR',
    },
    [name('dynamodb:UpdateItem activity')]: {
      prepare: on(functionName, { before: goDown }),
      outcome: 'DATABASE_ERROR',
    },
    // What the platform has rotated serves the caller, and waits in the rescue queue.
    [name('dynamodb:UpdateItem connections')]: { prepare: expired, outcome: '200' },
    [name('sqs:SendMessage rescue')]: {
      prepare: on(functionName, unstorable(functionName)),
      outcome: '200',
    },
    [name('sqs:SendMessage events')]: { prepare: expired, outcome: '200' },
    // Tokens that nobody needs any more are left to die of their age.
    [name('dynamodb:Query connections/byPlatformUser')]: {
      prepare: on(functionName, overtaken),
      outcome: '200',
    },
    [name('dynamodb:BatchGetItem connections')]: { prepare: on(functionName, overtaken), outcome: '200' },
  };
}

const pending = (circumstance?: Circumstance): Probe => ({
  prepare: on('disconnect', circumstance),
  outcome: 'revoke_pending',
});

/** The sweep resumes a disconnect that could not finish; no token is served meanwhile. */
const disconnectProbes: Readonly<Record<string, Probe>> = {
  'disconnect dynamodb:GetItem connections': { prepare: on('disconnect'), outcome: 'DATABASE_ERROR' },
  'disconnect dynamodb:UpdateItem connections': { prepare: on('disconnect'), outcome: 'DATABASE_ERROR' },
  'disconnect dynamodb:DeleteItem connections': { prepare: on('disconnect'), outcome: 'DATABASE_ERROR' },
  'disconnect dynamodb:Query connections': pending(),
  'disconnect kms:Decrypt vaultKey': pending(),
  'disconnect secretsmanager:GetSecretValue appSecrets': pending(),
  'disconnect dynamodb:Query connections/byPlatformUser': pending(),
  'disconnect dynamodb:BatchGetItem connections': pending(),
  'disconnect dynamodb:PutItem activity': pending(),
  'disconnect dynamodb:UpdateItem activity': pending(),
  'disconnect dynamodb:GetItem activity': pending({ before: removeApp }),
  'disconnect sqs:SendMessage events': { prepare: on('disconnect'), outcome: 'revoked' },
  'disconnect sqs:SendMessage rescue': {
    prepare: on('disconnect', unstorable('disconnect')),
    outcome: 'revoked',
  },
};

export const tokenProbes: Readonly<Record<string, Probe>> = {
  ...refreshProbes('token'),
  ...refreshProbes('refresh'),
  ...disconnectProbes,
};
