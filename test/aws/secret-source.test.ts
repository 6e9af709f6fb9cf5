/** Secrets from Secrets Manager: kept for ten minutes, read afresh on demand, and outliving an outage. */
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from 'vitest';
import type { Intercept } from '../../infra/local/aws/front/front.ts';
import { readStateSecrets } from '../../lib/access/state-secrets.ts';
import { createSecretSource } from '../../lib/aws/secret-source.ts';
import { readClientSecret } from '../../lib/provider-apps/provider-app.ts';
import { clientsOf, startAws } from '../infra/local/aws/aws-fixture.ts';
import { testClock } from '../support/records.ts';

const secretId = 'hawser/apps/tiktok';

async function stored(value: unknown) {
  const clock = testClock();
  const state: { faults: Intercept | undefined } = { faults: undefined };
  const aws = await startAws({ intercept: (call) => state.faults?.(call) });
  const { secrets: client } = clientsOf(aws);
  const write = (next: unknown) => (typeof next === 'string' ? next : JSON.stringify(next));
  await client.send(new CreateSecretCommand({ Name: secretId, SecretString: write(value) }));
  const put = (next: unknown) =>
    client.send(new PutSecretValueCommand({ SecretId: secretId, SecretString: write(next) }));
  const source = createSecretSource(client, clock.now);
  return {
    clock,
    aws,
    put,
    source,
    reads: () => aws.calls().find(({ action }) => action === 'secretsmanager:GetSecretValue')?.count ?? 0,
    fail: (faults: Intercept | undefined) => {
      state.faults = faults;
    },
  };
}

describe('a secret', () => {
  it('is read once and cached for ten minutes', async () => {
    const { clock, put, source, reads } = await stored({ word: 'first' });

    expect(await source.read(secretId)).toEqual({ word: 'first' });
    await put({ word: 'second' });
    clock.advance(599);
    expect(await source.read(secretId)).toEqual({ word: 'first' });
    expect(reads()).toBe(1);
    clock.advance(1);
    expect(await source.read(secretId)).toEqual({ word: 'second' });
  });

  it('is read past the cache on demand, and the cache keeps the new value', async () => {
    const { put, source } = await stored({ word: 'first' });
    await source.read(secretId);
    await put({ word: 'second' });

    expect(await source.read(secretId, { fresh: true })).toEqual({ word: 'second' });
    expect(await source.read(secretId)).toEqual({ word: 'second' });
  });

  it('is served from the cache while AWS does not answer, and read again once it does', async () => {
    const { clock, put, source, fail } = await stored({ word: 'first' });
    await source.read(secretId);
    await put({ word: 'second' });
    clock.advance(3_600);

    fail(() => 'drop');
    expect(await source.read(secretId)).toEqual({ word: 'first' });
    expect(await source.read(secretId, { fresh: true })).toEqual({ word: 'first' });
    fail(undefined);
    expect(await source.read(secretId)).toEqual({ word: 'second' });
  });

  it('that was never read fails while AWS does not answer, and the error hides the cause', async () => {
    const { source, fail } = await stored({ word: 's4ndb0x' });
    fail(() => ({ error: 'InternalServiceError', status: 500 }));

    const failure = await source.read(secretId).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: 'VAULT_ERROR', retryAfterSeconds: 1 });
    expect(String(failure)).not.toContain('s4ndb0x');
  });

  it('that is not JSON reads as undefined, so that each reader reports it in its own words', async () => {
    const { source } = await stored('s4ndb0x-not-json');

    expect(await source.read(secretId)).toBeUndefined();
  });
});

describe('the secret of a provider app', () => {
  const app = { secretId, clientId: 'client' };

  it('is wrapped in Secret, so that nothing prints it', async () => {
    const { source } = await stored({ clientId: 'client', clientSecret: 's4ndb0x-secret' });

    const secret = await readClientSecret(source, app);

    expect(secret.reveal()).toBe('s4ndb0x-secret');
    expect(JSON.stringify({ secret })).not.toContain('s4ndb0x');
  });

  it.each([
    ['empty', { clientId: 'client', clientSecret: '' }, /not filled in/],
    ['missing', { clientId: 'client' }, /not filled in/],
    ['no object', ['s4ndb0x'], /not filled in/],
    ['no JSON', 's4ndb0x', /not filled in/],
    ["another client's", { clientId: 'other', clientSecret: 's4ndb0x' }, /registered again/],
  ])('is refused when it is %s', async (_name, value, message) => {
    const { source } = await stored(value);

    const failure = await readClientSecret(source, app).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: 'OAUTH_INIT_ERROR', message: expect.stringMatching(message) });
    expect(String(failure)).not.toContain('s4ndb0x');
  });

  it('is read past the cache on demand', async () => {
    const { put, source } = await stored({ clientId: 'client', clientSecret: 's4ndb0x-old' });
    await readClientSecret(source, app);
    await put({ clientId: 'client', clientSecret: 's4ndb0x-new' });

    expect((await readClientSecret(source, app)).reveal()).toBe('s4ndb0x-old');
    expect((await readClientSecret(source, app, true)).reveal()).toBe('s4ndb0x-new');
  });
});

describe('the secrets that sign states', () => {
  const long = 's4ndb0x-'.padEnd(43, 'k');

  it('are the current and the previous secret', async () => {
    const { source } = await stored({ current: long, previous: `${long}-old` });

    const { current, previous } = await readStateSecrets(source, secretId);

    expect(current.reveal()).toBe(long);
    expect(previous?.reveal()).toBe(`${long}-old`);
  });

  it.each([{ current: long }, { current: long, previous: '' }])(
    'may be the current secret alone',
    async (value) => {
      const { source } = await stored(value);

      expect(await readStateSecrets(source, secretId)).not.toHaveProperty('previous');
    },
  );

  it.each([
    ['empty', { current: '' }],
    ['too short', { current: long.slice(0, 42) }],
    ['missing', {}],
    ['followed by a short one', { current: long, previous: 's4ndb0x' }],
  ])('are refused when the current one is %s', async (_name, value) => {
    const { source } = await stored(value);

    const failure = await readStateSecrets(source, secretId).catch((error: unknown) => error);

    expect(failure).toMatchObject({ code: 'VAULT_ERROR' });
    expect(String(failure)).not.toContain('s4ndb0x');
  });
});
