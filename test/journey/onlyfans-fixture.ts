/** The whole stack set up for OnlyFans: log-ins at its sandbox, connections by credentials, and session probes by the worker. */
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished } from 'vitest';
import { modes as modesSchema } from '../../infra/local/platforms/onlyfans/modes.ts';
import type { Fault } from '../../infra/local/sandbox/control/control.ts';
import { localQueueName } from '../../infra/local/stack/provision.ts';
import type { Refusal, Success } from '../support/stack/api-client.ts';
import { openTestStack, type TestStack, type TestTenant, type User } from '../support/stack/test-stack.ts';

export type Values = Readonly<Record<string, string>>;
export type Connection = Success<'status'>['connections'][number];

export const params = { provider: 'onlyfans' };

/** One stack for the tests of a file; each test gets a new tenant and an empty sandbox. */
export function openFixture() {
  let running: { readonly stack: TestStack; readonly tenant: TestTenant } | undefined;
  const current = () => {
    if (running === undefined) throw new Error('The stack is not running.');
    return running;
  };
  let opened: TestStack | undefined;
  beforeAll(async () => {
    opened = await openTestStack();
  });
  beforeEach(async () => {
    if (opened === undefined) return;
    await opened.reset();
    running = { stack: opened, tenant: await opened.newTenant() };
    modes(modesSchema.parse({}));
  });
  afterAll(() => opened?.close());

  const stack = () => current().stack;
  const tenant = () => current().tenant;
  const sandbox = () => stack().local.platforms.sandboxes.onlyfans;

  function modes(changes: Readonly<Record<string, string | number>>): void {
    expect(sandbox().control({ command: 'set_modes', modes: changes })).toMatchObject({ ok: true });
  }

  function inject(endpoint: 'token' | 'profile', fault: Fault): void {
    expect(sandbox().control({ command: 'inject', endpoint, calls: 1, fault })).toMatchObject({ ok: true });
  }

  /** How often the platform and the signer were asked. */
  function calls(): { readonly platform: number; readonly signer: number } {
    const { profile, token } = sandbox().calls().calls;
    return { platform: profile, signer: token };
  }

  /** The values of a new browser session. */
  async function logIn(account = 'nora'): Promise<Values> {
    const answer = await fetch(`${sandbox().origin}/log-in`, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams({ account }),
      signal: AbortSignal.timeout(120_000),
    });
    const { credentials } = (await answer.json()) as { credentials: Values };
    return credentials;
  }

  async function connect(user: User, credentials: Values, body: object = {}): Promise<Connection> {
    const answer = await user.client.ok('connect', { params, body: { ...user.named, credentials, ...body } });
    if (!('connection' in answer)) throw new Error('A flow began where a connection was to be.');
    return answer.connection;
  }

  function failToConnect(user: User, credentials: Values | undefined, body: object = {}): Promise<Refusal> {
    const given = credentials && { credentials };
    return user.client.fails('connect', { params, body: { ...user.named, ...given, ...body } });
  }

  async function statusOf(user: User): Promise<Connection | undefined> {
    const { connections } = await user.client.ok('status', { query: { ...user.named } });
    return connections[0];
  }

  /** Lets the worker look at a connection as if its time had come. */
  async function sweep({ id, accountId }: Connection): Promise<void> {
    const { local, tables } = stack();
    await tables.change('connections', await tables.connection(id), { dueAt: 1 });
    const sqs = new SQSClient({
      region: local.aws.region,
      endpoint: local.endpoints.sqs,
      credentials: { accessKeyId: 'operator', secretAccessKey: 'local' },
      useQueueUrlAsEndpoint: false,
    });
    onTestFinished(() => sqs.destroy());
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: `${local.endpoints.sqs}/${local.aws.accountId}/${localQueueName('refresh')}`,
        MessageBody: JSON.stringify({
          kind: 'connection_due',
          tenantId: tenant().id,
          provider: 'onlyfans',
          accountId,
        }),
      }),
    );
    // The worker moves the time of the next look before it takes this one.
    await expect.poll(async () => Number((await tables.connection(id))['dueAt']?.N ?? 2)).toBeGreaterThan(1);
  }

  return { stack, tenant, sandbox, modes, inject, calls, logIn, connect, failToConnect, statusOf, sweep };
}
