/** Authentication: only a key or a session proves a caller, and a revoked key stops working within a minute. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type ApiKey, mintApiKey } from '../../lib/access/api-key.ts';
import type { Session } from '../../lib/access/session-token.ts';
import { steadyClock } from '../../lib/cache.ts';
import type { TenantId, UserId } from '../../lib/ids.ts';
import {
  createAuthenticate,
  requireProvider,
  userOf,
  visibleProviders,
} from '../../lib/runtime/http/authentication.ts';
import { listScope } from '../../lib/runtime/http/list-scope.ts';

const acme = 'acme' as TenantId;
const [ann, bob] = ['ann', 'bob'] as UserId[] as [UserId, UserId];
const session: Session = {
  tenantId: acme,
  userId: ann,
  providers: ['tiktok'],
  origin: 'https://app.example',
};
const sessionText = 'aaa.bbb.ccc';

/** An API with one key and one session, which counts its lookups. */
function api() {
  let [wallClock, ownClock] = [0, 0];
  const stored = new Map<string, ApiKey>();
  const reads: string[] = [];
  const authenticate = createAuthenticate({
    apiKeys: {
      get: async (id) => {
        reads.push(id);
        return stored.get(id);
      },
      create: async () => true,
      revoke: async () => true,
      list: async () => [],
    },
    verifySession: async (text) => (text === sessionText ? session : undefined),
    monotonic: steadyClock(
      () => wallClock,
      () => ownClock,
    ),
  });
  const mint = (tenantId = acme) => {
    const { text, key } = mintApiKey(tenantId, 'backend', 0);
    stored.set(key.id, key);
    return { text: text.reveal(), key };
  };
  return {
    authenticate,
    stored,
    reads,
    mint,
    advance: (seconds: number) => {
      wallClock += seconds * 1_000;
      ownClock += seconds * 1_000;
    },
    setWallClockBack: (seconds: number) => {
      wallClock -= seconds * 1_000;
    },
    /** How a call with this credential ends. */
    as: (
      credential: string | undefined,
      origin?: string,
      caller: 'apiKey' | 'apiKeyOrSession' = 'apiKeyOrSession',
    ) =>
      authenticate(caller, {
        authorization: credential === undefined ? undefined : `Bearer ${credential}`,
        origin,
      }).catch((error: unknown) => error),
  };
}

const unauthorized = expect.objectContaining({ code: 'UNAUTHORIZED' });
const forbidden = expect.objectContaining({ code: 'FORBIDDEN' });

describe('a route that accepts API keys only', () => {
  it('refuses a valid session and says why', async () => {
    const { as } = api();

    const refused = await as(sessionText, session.origin, 'apiKey');

    expect(refused).toEqual(unauthorized);
    expect(String(refused)).toContain('takes an API key, from a backend, and no session token');
  });
});

describe('an API key', () => {
  it('authenticates its tenant', async () => {
    const { as, mint } = api();

    expect(await as(mint().text)).toEqual({ kind: 'apiKey', tenantId: acme });
    expect(await as(mint('other' as TenantId).text, undefined, 'apiKey')).toEqual({
      kind: 'apiKey',
      tenantId: 'other',
    });
  });

  it('is accepted in any case of the scheme', async () => {
    const { authenticate, mint } = api();
    const { text } = mint();

    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const headers = { authorization: `${scheme} ${text}`, origin: undefined };
      expect(await authenticate('apiKey', headers)).toMatchObject({ kind: 'apiKey' });
    }
  });

  it('row 16: is refused with any other secret, that of another key included', async () => {
    const { as, mint } = api();
    const [one, other] = [mint(), mint()];

    const [, , secret = ''] = other.text.split('_');
    const mixed = `hwk_${one.key.id}_${secret}`;
    const checksum = createHash('sha256').update(mixed).digest('hex').slice(0, 8);
    expect(await as(`${mixed}_${checksum}`)).toEqual(unauthorized);
    expect(await as(mintApiKey(acme, 'never stored', 0).text.reveal())).toEqual(unauthorized);
  });

  it('row 24: that is mistyped or invented is refused without a database read', async () => {
    const { as, mint, reads } = api();
    const { text } = mint();

    for (const wrong of [
      'hwk_',
      `${text}0`,
      text.slice(0, -1),
      text.toUpperCase().replace('HWK', 'hwk'),
      `${text.slice(0, 30)}${text[30] === '0' ? '1' : '0'}${text.slice(31)}`,
      `hwk_${'0'.repeat(16)}_${'0'.repeat(64)}_${'0'.repeat(8)}`,
      `${text}\n`,
    ]) {
      expect(await as(wrong), wrong.slice(0, 8)).toEqual(unauthorized);
    }
    expect(reads).toEqual([]);
  });

  it('row 16: is refused from a browser with the reason, but only after it is verified', async () => {
    const { as, mint } = api();
    const { text } = mint();

    const proven = await as(text, 'https://app.example');
    const unproven = await as(mintApiKey(acme, 'never stored', 0).text.reveal(), 'https://app.example');

    expect(proven).toEqual(forbidden);
    expect(String(proven)).toMatch(/Keys belong in backends/);
    expect(unproven).toEqual(unauthorized);
    expect(await as(text, 'null')).toEqual(forbidden);
    expect(await as(text, '')).toEqual(forbidden);
  });

  it('row 16: that was revoked is refused within 60 seconds', async () => {
    const { as, mint, stored, advance } = api();
    const { text, key } = mint();
    await as(text);
    stored.set(key.id, { ...key, status: 'revoked' });

    advance(59);
    expect(await as(text)).toMatchObject({ kind: 'apiKey' });
    advance(1);
    expect(await as(text)).toEqual(unauthorized);
  });

  it('row 16: that was revoked is refused within 60 seconds, even when the clock is set back ten minutes', async () => {
    const { as, mint, stored, advance, setWallClockBack } = api();
    const { text, key } = mint();
    await as(text);
    stored.set(key.id, { ...key, status: 'revoked' });

    setWallClockBack(600);
    advance(60);

    expect(await as(text)).toEqual(unauthorized);
  });

  it('that was deleted is refused within 60 seconds, and works at once when it is stored again', async () => {
    const { as, mint, stored, advance } = api();
    const { text, key } = mint();
    await as(text);
    stored.delete(key.id);
    advance(60);

    expect(await as(text)).toEqual(unauthorized);
    stored.set(key.id, key);
    expect(await as(text)).toMatchObject({ kind: 'apiKey' });
  });

  it('row 24: is read once a minute, and at most a thousand are cached', async () => {
    const { as, mint, reads } = api();
    const keys = Array.from({ length: 1_001 }, () => mint().text);
    const [first = '', second = '', ...others] = keys;

    for (const text of [first, first, second]) await as(text);
    expect(reads).toHaveLength(2);
    for (const text of others) await as(text);
    await as(keys.at(-1));
    expect(reads).toHaveLength(1_001);
    await as(first);
    expect(reads).toHaveLength(1_002);
  });
});

describe('a session', () => {
  it('authenticates its tenant and user from its own web origin', async () => {
    const { as } = api();

    expect(await as(sessionText, 'https://app.example')).toEqual({
      kind: 'session',
      tenantId: acme,
      session,
    });
  });

  it.each([undefined, 'https://evil.example', 'https://app.example:8443', 'http://app.example', 'null', ''])(
    'row 16: is refused from the origin %j',
    async (origin) => {
      const { as } = api();

      expect(await as(sessionText, origin)).toEqual(forbidden);
    },
  );

  it('does not open a route for backends', async () => {
    const { as } = api();

    expect(await as(sessionText, 'https://app.example', 'apiKey')).toEqual(unauthorized);
  });

  it('that is invalid is refused', async () => {
    const { as } = api();

    expect(await as('aaa.bbb.ccd', 'https://app.example')).toEqual(unauthorized);
  });
});

describe('row 10: a call', () => {
  it.each([
    undefined,
    '',
    'Basic aHdrX3g6',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'aaa.bbb.ccc',
    'Bearer aaa.bbb.ccc,x',
  ])('with the header %j is unauthenticated', async (authorization) => {
    const { authenticate } = api();

    const answer = authenticate('apiKeyOrSession', { authorization, origin: 'https://app.example' });

    await expect(answer).rejects.toEqual(unauthorized);
  });

  it('to a public route is anonymous, whatever credential it carries', async () => {
    const { authenticate, mint } = api();
    const headers = { authorization: `Bearer ${mint().text}`, origin: undefined };

    expect(await authenticate('anyone', headers)).toBeUndefined();
    expect(await authenticate('browser', headers)).toBeUndefined();
  });
});

describe('the user and provider in a call', () => {
  const backend = { kind: 'apiKey', tenantId: acme } as const;
  const browser = { kind: 'session', tenantId: acme, session } as const;
  const { providers: _, ...anything } = session;
  const free = { kind: 'session', tenantId: acme, session: anything } as const;

  it('may be any user for a backend, which must name one, and only its own for a session', () => {
    expect(userOf(backend, bob)).toBe(bob);
    expect(userOf(browser, undefined)).toBe(ann);
    expect(userOf(browser, ann)).toBe(ann);
    expect(() => userOf(backend, undefined)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
    expect(() => userOf(browser, bob)).toThrow(forbidden);
  });

  it('may be any provider for a backend, and only those within its limits for a session', () => {
    const unknown = expect.objectContaining({ code: 'INVALID_PROVIDER' });

    expect(() => requireProvider(backend, 'reddit')).not.toThrow();
    expect(() => requireProvider(free, 'reddit')).not.toThrow();
    expect(() => requireProvider(browser, 'tiktok')).not.toThrow();
    expect(() => requireProvider(browser, 'reddit')).toThrow(unknown);
    expect([visibleProviders(backend), visibleProviders(browser)]).toEqual([undefined, ['tiktok']]);
  });

  it('may span all users in a list for a backend only', () => {
    expect(listScope(backend, {})).toEqual({});
    expect(listScope(backend, { userId: bob, provider: 'reddit' })).toEqual({
      userId: bob,
      provider: 'reddit',
    });
    expect(listScope(browser, {})).toEqual({ userId: ann });
    expect(listScope(browser, { provider: 'tiktok' })).toEqual({ userId: ann, provider: 'tiktok' });
    expect(() => listScope(browser, { userId: bob })).toThrow(forbidden);
    expect(() => listScope(backend, { provider: 'reddit' })).toThrow(/only together with userId/);
    expect(() => listScope(browser, { provider: 'reddit' })).toThrow(/no such provider/);
  });
});
