/** The contract: every route is complete, refuses fields that it does not name, and declares every error that it can return. */
import { describe, expect, it } from 'vitest';
import { functionSettings } from '../../lib/config.ts';
import { contract } from '../../lib/contract/contract.ts';
import type { Route } from '../../lib/contract/route.ts';
import { catalogue } from '../../lib/errors.ts';

const routes = Object.entries<Route>(contract);
/** Nothing of a platform's request is read before its signature is good; what its schemas take never reaches a handler. */
const isPlatforms = ({ caller }: Route) => caller === 'platform';
const needsCredential = ({ caller }: Route) => caller === 'apiKey' || caller === 'apiKeyOrSession';

/** Values that keep to the rules of each path parameter. */
const valid: Readonly<Record<string, string>> = {
  provider: 'tiktok',
  accountId: 'account 1 / ü 🌊',
  userId: 'user@1',
  flowId: 'AAAAAAAAAAAAAAAAAAAAAA',
  app: 'app_AAAAAAAAAAAAAAAAAAAAAA',
  id: '001700000000000-00000000-0000-4000-8000-000000000000',
};

const namesIn = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
const paramsOf = (route: Route) =>
  Object.fromEntries(namesIn(route.path).map((name) => [name, valid[name] ?? 'a-valid-value']));

describe.each(routes)('the route %s', (_name, route) => {
  it('declares exactly the parameters in its path', () => {
    const params = paramsOf(route);

    expect(route.params.safeParse(params).success).toBe(true);
    expect(route.params.safeParse({ ...params, extra: 'x' }).success).toBe(isPlatforms(route));
    for (const name of Object.keys(params)) {
      const { [name]: _, ...missing } = params;
      expect(route.params.safeParse(missing).success).toBe(false);
    }
  });

  it('refuses unknown query and body fields, except where browsers or platforms may append parameters', () => {
    const ofOthers = route.caller === 'browser' || isPlatforms(route);
    const known = route.path.includes('/data-deletion/') ? { code: '0'.repeat(32) } : {};

    expect(route.query.safeParse({ ...known, extra: 'x' }).success).toBe(ofOthers);
    if (route.body) expect(route.body.safeParse({ userId: 'u', extra: 'x' }).success).toBe(false);
  });

  it('belongs to an existing function and declares every error of the catalogue that it can return', () => {
    const credential = ['INVALID_REQUEST', 'UNAUTHORIZED', 'FORBIDDEN', 'DATABASE_ERROR', 'INTERNAL_ERROR'];
    const body = ['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'];

    expect(Object.keys(functionSettings)).toContain(route.function);
    expect(Object.keys(catalogue)).toEqual(expect.arrayContaining([...route.errors]));
    expect(route.errors).toEqual(
      expect.arrayContaining(needsCredential(route) ? credential : ['INTERNAL_ERROR']),
    );
    expect(route.errors).toEqual(expect.arrayContaining(route.body ? body : []));
    if (namesIn(route.path).includes('provider')) expect(route.errors).toContain('INVALID_PROVIDER');
  });

  it('row 10: takes the tenant from the credential only', () => {
    const tenant = { tenantId: 'other', tenant: 'other' };
    const parsed = route.query.safeParse(tenant);

    expect(namesIn(route.path)).not.toContain('tenantId');
    if (!isPlatforms(route)) expect(parsed.success ? parsed.data : {}).toEqual({});
    expect(route.body?.safeParse({ userId: 'u', ...tenant }).success ?? false).toBe(false);
  });
});

describe('the contract', () => {
  it('declares for start and callback the errors of provider, state secret and tenant keys', () => {
    expect(contract.start.errors).toEqual(expect.arrayContaining(['INVALID_PROVIDER', 'VAULT_ERROR']));
    expect(contract.callback.errors).toEqual(
      expect.arrayContaining(['INVALID_PROVIDER', 'VAULT_ERROR', 'TENANT_DELETED']),
    );
  });

  it('has each pair of method and path once', () => {
    const keys = routes.map(([, { method, path }]) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`);

    expect(new Set(keys).size).toBe(keys.length);
  });

  it.each(['', 'x'.repeat(129), 'a\u0000b', 'a\nb', '\u007f', '\ud800', 'a\udc00'])(
    'refuses %j as the name of a user or an account',
    (id) => {
      expect(contract.getToken.params.safeParse({ provider: 'tiktok', accountId: id }).success).toBe(false);
      expect(contract.getToken.query.safeParse({ userId: id }).success).toBe(false);
      expect(contract.createSession.body.safeParse({ userId: id }).success).toBe(false);
    },
  );

  it.each(['#', '%', '..', 'ü', '🌊', ' ', '__proto__', 'x'.repeat(128)])(
    'accepts %j as the name of a user or an account',
    (id) => {
      expect(contract.getToken.params.safeParse({ provider: 'tiktok', accountId: id }).success).toBe(true);
      expect(contract.createSession.body.safeParse({ userId: id }).success).toBe(true);
    },
  );

  it.each(['0', '101', '-1', '1e1', '05', '1.0', '', ' 5', '9'.repeat(400)])(
    'refuses a page size of %j',
    (limit) => {
      expect(contract.status.query.safeParse({ limit }).success).toBe(false);
    },
  );

  it.each([
    ['1', 1],
    ['50', 50],
    ['100', 100],
  ])('takes a page of %j', (limit, expected) => {
    expect(contract.status.query.safeParse({ limit }).data?.limit).toBe(expected);
  });

  it.each(['', 'a b', 'a"b', 'a\\b', 'a\nb', 'é', 'x'.repeat(129)])(
    'row 22: refuses %j as a scope, which no server can grant',
    (scope) => {
      expect(contract.connect.body.safeParse({ scopes: [scope] }).success).toBe(false);
    },
  );

  it('row 1: accepts as an app id only a provider or an unguessable id, and never a path', () => {
    const takes = (app: string) => contract.callback.params.safeParse({ app }).success;

    expect(['tiktok', 'meta-ads', valid['app'] ?? ''].map(takes)).toEqual([true, true, true]);
    expect(['', '..', 'a/b', 'TikTok', 'app_short', 'app_'.padEnd(27, 'A'), '%2e'].map(takes)).toEqual(
      Array.from({ length: 7 }, () => false),
    );
  });
});
